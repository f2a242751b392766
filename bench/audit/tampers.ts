import { randomUUID } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { Db } from '../../db/connect.ts';
import type { Database } from '../../db/schema.ts';
import { sha256 } from '../../db/audit/record.ts';
import { sealHash } from '../../domain/audit/chain.ts';
import { toUtf8 } from '../../domain/audit/bytes.ts';
import { entryBytes, type AuditBody } from '../../domain/audit/entry.ts';
import type { FaultKind } from '../../domain/audit/fault.ts';
import { leafHash } from '../../domain/audit/merkle.ts';
import { formatNote, noteKey } from '../../domain/audit/note.ts';
import type { CheckpointStore } from '../../providers/checkpoint-store/checkpoint-store.ts';
import type { NoteSigner } from '../../providers/note-signer/note-signer.ts';

/** A sealed log of 40 entries with checkpoints of 20 and 40, in the hands of somebody who owns the database. */
export interface TamperedLog {
  readonly db: Db;
  readonly project: string;
  readonly store: CheckpointStore;
  /** A key that is not the one of the log. */
  readonly stranger: NoteSigner;
}

export interface Tamper {
  readonly kind: FaultKind;
  /** Where it has to be found: place in the sequence, or size of the checkpoint; null: at an entry without a place. */
  readonly seq: number | null;
  plant(log: TamperedLog): Promise<void>;
  /** What is done to the export on its way; left out where the database is tampered with. */
  cut?(lines: string[]): string[];
}

const at = 15;

/** One of each kind, done as the owner of the database would: triggers off, constraints gone. */
export const tampers: readonly Tamper[] = [
  {
    kind: 'edit',
    seq: at,
    plant: (log) =>
      asOwner(log, async (tx) => {
        const { id, body } = await entryAt(tx, log.project, at);
        await setBytes(tx, id, entryBytes({ ...body, principal: 'nobody' }));
      }),
  },
  {
    kind: 'gap',
    seq: at,
    plant: (log) =>
      asOwner(log, async (tx) => {
        const { id } = await entryAt(tx, log.project, at);
        await sql`delete from audit_seal where entry = ${id}`.execute(tx);
        await sql`delete from audit_entry where id = ${id}`.execute(tx);
      }),
  },
  {
    kind: 'fork',
    seq: at,
    plant: (log) =>
      asOwner(log, async (tx) => {
        const { body, prev } = await entryAt(tx, log.project, at);
        const bytes = entryBytes({ ...body, id: randomUUID(), principal: 'nobody' });
        await insertSeal(tx, log.project, at, prev, await insertEntry(tx, log.project, bytes), bytes);
      }),
  },
  {
    kind: 'reorder',
    seq: at,
    plant: (log) =>
      asOwner(log, async (tx) => {
        const [one, two] = [await entryAt(tx, log.project, at), await entryAt(tx, log.project, at + 3)];
        await sql`update audit_seal set entry = ${two.id} where project = ${log.project} and seq = ${at}`.execute(
          tx,
        );
        await sql`update audit_seal set entry = ${one.id} where project = ${log.project} and seq = ${at + 3}`.execute(
          tx,
        );
      }),
  },
  {
    kind: 'duplicate',
    seq: 41,
    plant: (log) =>
      asOwner(log, async (tx) => {
        const { id, bytes } = await entryAt(tx, log.project, at);
        const { hash } = await entryAt(tx, log.project, 40);
        await insertSeal(tx, log.project, 41, hash, id, bytes);
      }),
  },
  {
    kind: 'foreign',
    seq: at,
    plant: (log) =>
      asOwner(log, async (tx) => {
        const { id, body } = await entryAt(tx, log.project, at);
        await setBytes(tx, id, entryBytes({ ...body, project: 'another' }));
      }),
  },
  {
    kind: 'not-canonical',
    seq: at,
    plant: (log) =>
      asOwner(log, async (tx) => {
        const { id, body } = await entryAt(tx, log.project, at);
        await setBytes(tx, id, toUtf8(JSON.stringify(body, null, 1)));
      }),
  },
  {
    kind: 'missing',
    seq: at,
    plant: (log) =>
      asOwner(log, async (tx) => {
        const { id } = await entryAt(tx, log.project, at);
        await sql`delete from audit_entry where id = ${id}`.execute(tx);
      }),
  },
  {
    kind: 'unsealed',
    seq: null,
    plant: (log) =>
      asOwner(log, async (tx) => {
        const { body } = await entryAt(tx, log.project, 40);
        const slipped = { ...body, id: randomUUID(), at: minutesFromNow(-10) };
        await insertEntry(tx, log.project, entryBytes(slipped));
      }),
  },
  {
    kind: 'clock',
    seq: 41,
    plant: (log) => appendSealed(log, { at: minutesFromNow(-600) }),
  },
  {
    kind: 'clock',
    seq: 41,
    plant: (log) => appendSealed(log, { at: minutesFromNow(600) }),
  },
  {
    kind: 'personal',
    seq: at,
    plant: (log) =>
      asOwner(log, async (tx) => {
        const { id } = await entryAt(tx, log.project, at);
        const data = Buffer.from('{"reason":"another one"}');
        await sql`update audit_personal set data = ${data} where entry = ${id}`.execute(tx);
      }),
  },
  {
    kind: 'truncation',
    seq: 31,
    plant: (log) =>
      asOwner(log, async (tx) => {
        await sql`delete from audit_checkpoint where project = ${log.project} and size > 30`.execute(tx);
        await sql`delete from audit_entry where id in (
          select entry from audit_seal where project = ${log.project} and seq > 30)`.execute(tx);
        await sql`delete from audit_seal where project = ${log.project} and seq > 30`.execute(tx);
      }),
  },
  {
    kind: 'rewrite',
    seq: 20,
    plant: (log) =>
      asOwner(log, async (tx) => {
        await sql`delete from audit_checkpoint where project = ${log.project}`.execute(tx);
        let { prev } = await entryAt(tx, log.project, at);
        for (let seq = at; seq <= 40; seq += 1) {
          const { id, body } = await entryAt(tx, log.project, seq);
          const bytes = entryBytes(seq === at ? { ...body, principal: 'nobody' } : body);
          await setBytes(tx, id, bytes);
          await sql`delete from audit_seal where project = ${log.project} and seq = ${seq}`.execute(tx);
          prev = await insertSeal(tx, log.project, seq, prev, id, bytes);
        }
      }),
  },
  {
    kind: 'wrong-signature',
    seq: 40,
    plant: (log) =>
      asOwner(log, async (tx) => {
        const note = await noteOf(tx, log.project, 40);
        await setNote(tx, log.project, 40, note.replace(/\n[A-Za-z0-9+/]{43}=\n/, `\n${'A'.repeat(43)}=\n`));
      }),
  },
  {
    kind: 'unknown-key',
    seq: 40,
    plant: (log) =>
      asOwner(log, async (tx) => {
        const text = `${(await noteOf(tx, log.project, 40)).split('\n\n')[0]}\n`;
        const { name, publicKey } = log.stranger;
        const signature = await log.stranger.sign(toUtf8(text));
        await setNote(tx, log.project, 40, formatNote(text, noteKey(sha256, name, publicKey), signature));
      }),
  },
  {
    kind: 'replayed-checkpoint',
    seq: 40,
    plant: (log) =>
      asOwner(log, async (tx) => {
        await setNote(tx, log.project, 40, await noteOf(tx, log.project, 20));
      }),
  },
  {
    kind: 'malformed',
    seq: 39,
    plant: () => Promise.resolve(),
    cut: (lines) => lines.slice(0, -3),
  },
];

/** Triggers and foreign keys sleep, as they do for a superuser who wants it so. The unique keys are dropped once, by `dropKeys`. */
async function asOwner(
  { db }: TamperedLog,
  work: (tx: Transaction<Database>) => Promise<void>,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql`set local session_replication_role = replica`.execute(tx);
    await work(tx);
  });
}

export async function dropKeys(db: Db): Promise<void> {
  await sql`alter table audit_seal drop constraint audit_seal_pkey, drop constraint audit_seal_project_prev_key,
    drop constraint audit_seal_entry_key`.execute(db);
}

async function entryAt(tx: Db, project: string, seq: number) {
  const row = await tx
    .selectFrom('audit_seal as s')
    .innerJoin('audit_entry as e', 'e.id', 's.entry')
    .select(['e.id', 'e.bytes', 's.prev', 's.hash'])
    .where('s.project', '=', project)
    .where('s.seq', '=', seq)
    .executeTakeFirstOrThrow();
  return { ...row, body: JSON.parse(Buffer.from(row.bytes).toString('utf8')) as AuditBody };
}

async function setBytes(tx: Db, id: string, bytes: Uint8Array): Promise<void> {
  await sql`update audit_entry set bytes = ${bytes} where id = ${id}`.execute(tx);
}

async function insertEntry(tx: Db, project: string, bytes: Uint8Array): Promise<string> {
  const { id } = JSON.parse(Buffer.from(bytes).toString('utf8')) as AuditBody;
  await sql`insert into audit_entry (id, project, bytes) values (${id}, ${project}, ${bytes})`.execute(tx);
  return id;
}

async function insertSeal(
  tx: Db,
  project: string,
  seq: number,
  prev: Uint8Array,
  entry: string,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const leaf = leafHash(sha256, bytes);
  const hash = sealHash(sha256, prev, seq, leaf);
  await tx.insertInto('audit_seal').values({ project, seq, entry, prev, hash, leaf }).execute();
  return hash;
}

/** An entry of a machine whose clock is wrong, sealed like any other. */
function appendSealed(log: TamperedLog, change: Partial<AuditBody>): Promise<void> {
  return asOwner(log, async (tx) => {
    const { body, hash } = await entryAt(tx, log.project, 40);
    const { personal: _, ...rest } = body;
    const bytes = entryBytes({ ...rest, id: randomUUID(), ...change });
    await insertSeal(tx, log.project, 41, hash, await insertEntry(tx, log.project, bytes), bytes);
  });
}

async function noteOf(tx: Db, project: string, size: number): Promise<string> {
  const row = await tx
    .selectFrom('audit_checkpoint')
    .select('note')
    .where('project', '=', project)
    .where('size', '=', size)
    .executeTakeFirstOrThrow();
  return row.note;
}

async function setNote(tx: Db, project: string, size: number, note: string): Promise<void> {
  await sql`update audit_checkpoint set note = ${note} where project = ${project} and size = ${size}`.execute(
    tx,
  );
}

function minutesFromNow(minutes: number): string {
  return new Date(Date.now() + minutes * 60_000).toISOString();
}
