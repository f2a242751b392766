import type { Client } from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { sql } from 'kysely';
import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Db } from '../../db/connect.ts';
import { openPayloads } from '../../payload-codec/json-payload.ts';

/** One text that somebody may read, and where it stands. */
export interface Place {
  readonly where: string;
  readonly text: string;
}

/** Every history and description of every workflow of the namespace: as stored, and with all payloads opened. */
export async function temporalPlaces(client: Client, codec: PayloadCodec): Promise<Place[]> {
  const places: Place[] = [];
  for await (const { workflowId, runId } of client.workflow.list()) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const raw = historyToJSON(await handle.fetchHistory());
    const opened: unknown = await openPayloads(JSON.parse(raw), codec);
    const { raw: description } = await handle.describe();
    const where = `workflow ${workflowId} ${runId}`;
    places.push({ where: `${where}, as stored`, text: `${raw}\n${decodedIn(JSON.parse(raw))}` });
    places.push({ where: `${where}, opened`, text: decodedIn(opened) });
    places.push({ where: `${where}, description`, text: decodedIn(JSON.parse(JSON.stringify(description))) });
  }
  return places;
}

/** Every row of every table, binary columns unpacked. */
export async function databasePlaces(db: Db): Promise<Place[]> {
  const { rows: tables } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'`.execute(db);
  const places = await Promise.all(
    tables.map(async ({ name }) => {
      const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(name)}`.execute(db);
      return rows.map((row, index) => ({ where: `table ${name}, row ${index}`, text: textOfRow(row) }));
    }),
  );
  return places.flat();
}

/** Every file below a folder, as bytes. */
export async function filePlaces(folder: string): Promise<Place[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.map(async (file) => ({ where: `file ${file}`, text: await textOfFile(file) })));
}

/** A database keeps a journal only while it writes: a file that went meanwhile holds nothing. */
async function textOfFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** What everybody on the machine sees of every process. */
export function processPlaces(): Place[] {
  const pids = readdirSync('/proc').filter((entry) => /^[0-9]+$/.test(entry));
  return pids.map((pid) => ({ where: `command line of ${pid}`, text: commandLineOf(pid) }));
}

export async function pagePlaces(urls: readonly string[]): Promise<Place[]> {
  return Promise.all(urls.map(async (url) => ({ where: url, text: await (await fetch(url)).text() })));
}

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    // It has ended meanwhile.
    return '';
  }
}

function textOfRow(row: Record<string, unknown>): string {
  const values = Object.values(row).map((value) => (Buffer.isBuffer(value) ? unpacked(value) : value));
  return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join('\n');
}

function unpacked(bytes: Buffer): string {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const text = (isGzip ? gunzipSync(bytes) : bytes).toString('latin1');
  return isGzip ? `${text}\n${decodedIn(JSON.parse(text))}` : text;
}

/** Every string in a value, also as what it would be if it were base64. */
function decodedIn(value: unknown): string {
  const texts: string[] = [];
  JSON.stringify(value, (_, member: unknown) => {
    if (typeof member === 'string') texts.push(member, Buffer.from(member, 'base64').toString('latin1'));
    return member;
  });
  return texts.join('\n');
}
