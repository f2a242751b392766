import { Client, Connection } from '@temporalio/client';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLoad, type Load } from '../../bench/load.ts';
import type { CanaryRollout } from '../../contracts/canary-rollout.ts';
import { connectUnwalled, type Db } from '../../db/connect.ts';
import { readStackRecord, type StackRecord } from '../../infra/stack/record.ts';
import { createPayloadCodec } from '../../payload-codec/codec.ts';
import { createDataConverter } from '../../payload-codec/data-converter.ts';
import { openKeyring } from '../../payload-codec/keyring.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { findingsIn, needleOf, type Finding, type Needle } from './needles.ts';
import {
  databasePlaces,
  filePlaces,
  pagePlaces,
  processPlaces,
  temporalPlaces,
  type Place,
} from './places.ts';
import { startTold, type Told } from './told.ts';
import { portsOfOurOwn, writeLeakyService } from './stack.ts';

/** A whole stack in which every kind of run is told with secrets planted in it. Then everything that somebody may read is searched. */
const fromEnv = 'planted-value-in-the-environment-7f3a';
const fromFile = 'planted-first-line-of-a-file-91bc\nplanted-second-line+with/signs=44d0';
const password = 'planted-database-password-c0de';
const minutes = 60_000;

let folder: string;
let home: string;
let env: Record<string, string | undefined>;
let database: TestDatabase;
let db: Db;
let load: Load;
let stack: StackRecord;
let connection: Connection;
let client: Client;
let needles: Needle[];
let told: Told;
let reviewerKey: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-scan-'));
  await chmod(folder, 0o711);
  home = join(folder, 'state');
  database = await testDatabase();
  const databaseUrl = database.url.replace('postgres@', `postgres:${password}@`);
  await writeFile(join(folder, 'planted'), `${fromFile}\n`, { mode: 0o600 });
  told = await startTold(`file:${join(folder, 'planted')}`);
  env = {
    ...process.env,
    ...told.env,
    ...(await portsOfOurOwn()),
    HOLDFAST_HOME: home,
    DATABASE_URL: databaseUrl,
    PLANTED: fromEnv,
    LOG_LEVEL: 'debug',
  };
  await writeLeakyService(folder);
  await holdfast(['up']);
  stack = (await readStackRecord(home)) as StackRecord;
  expect(stack.connections.databaseUrl).toContain(password);
  db = connectUnwalled(database.url);
  const { temporalAddress: address, temporalNamespace: namespace } = stack.connections;
  connection = await Connection.connect({ address });
  const payloadKeys = join(home, 'secrets/payload-keys.json');
  client = new Client({
    connection,
    namespace,
    dataConverter: createDataConverter({ payloadKeys, namespace }),
  });
  needles = [
    needleOf('environment', fromEnv),
    needleOf('file', fromFile),
    needleOf('database password', password),
    ...told.needles,
    ...(await secretsOfTheStack()),
  ];
}, 3 * minutes);

afterAll(async () => {
  await load?.stop();
  await connection?.close();
  await holdfast(['down']);
  await told?.close();
  await db?.destroy();
  await database?.close();
  await rm(folder, { recursive: true, force: true });
}, minutes);

test('every kind of run is told', { timeout: 4 * minutes }, async () => {
  // Nobody approves what they have started themselves.
  await holdfast(['members', 'set', 'reviewer', '--role', 'approver']);
  const made = await holdfast(['keys', 'create', '--for', 'reviewer', '--name', 'scan', '--json']);
  reviewerKey = (JSON.parse(made) as { secret: string }).secret;
  needles.push(needleOf('key of the reviewer', reviewerKey));
  await holdfast(['service', 'register', join(folder, 'service.json')]);
  for (const channel of told.channels) await holdfast(['notifications', 'channel', 'add', ...channel]);
  await rollout('v1', 'promoted');
  load = startLoad({ url: stack.urls.frontend ?? '', ratePerSecond: 50, maxSeconds: 600 });
  await rollout('v2', 'promoted', 'approve');
  await holdfast(['canary', 'rollback', 'shop', '--reason', 'as the story goes', '--wait']);
  await rollout('bad-v3', 'rolled-back');
  await rollout('v4', 'aborted', 'abort');
  expect((await rollout('dead-v5', 'failed')).state.reason).toContain('cannot log in with ***/***');
  expect((await rollout('dying-v6', 'failed')).state.reason).toMatch(/its last output: .*\*\*\*/s);
  await writeLeakyService(folder, 'NOT_THERE');
  await holdfast(['service', 'register', join(folder, 'service.json')]);
  expect((await rollout('v7', 'failed')).state.reason).toContain('NOT_THERE is not set');
});

test('people were told of it', { timeout: minutes }, async () => {
  for (const receiver of told.receivers) {
    for (const said of ['shop v2: promoted', 'shop bad-v3: rolled-back', 'shop v4: aborted']) {
      const texts = (): string =>
        receiver
          .received()
          .map(({ text }) => text)
          .join('\n');
      await expect.poll(texts, { timeout: 30_000 }).toContain(said);
    }
  }
  const wrong = await holdfast(['notifications', 'deliveries', 'list', '--channel', 'wrong']);
  expect(wrong).toContain('the secret is not');
  const missing = await holdfast(['notifications', 'channel', 'test', 'missing']);
  expect(missing).toContain('env:NOT_THERE is not there');
});

test('a key in the wrong place is refused, and what was sent is not repeated', async () => {
  const { temporalNamespace } = stack.connections;
  const key = (await readFile(join(home, 'secrets/codec-token'), 'utf8')).trim();
  for (const [path, headers] of [
    [`/codec/${temporalNamespace}/decode`, { authorization: `Bearer ${key}x` }],
    [`/codec/elsewhere/decode`, { authorization: `Bearer ${key}` }],
    [`/v1/projects/default/operations?cursor=${'x'.repeat(300)}`, { authorization: `Bearer ${key}` }],
  ] as const) {
    const answer = await fetch(`${stack.urls.api}${path}`, { headers: { ...headers } });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(findingsIn(path, await answer.text(), needles)).toEqual([]);
  }
});

test('no secret stands anywhere that somebody may read', { timeout: 2 * minutes }, async () => {
  await expect.poll(unarchived, { timeout: 30_000 }).toBe(0);

  const places = await everyPlace();

  expect(places.length).toBeGreaterThan(100);
  expect(places.filter(({ where }) => where.includes('operation_archive')).length).toBeGreaterThanOrEqual(8);
  expect(scan(places)).toEqual([]);
});

test('a leak is found wherever it is', { timeout: 2 * minutes }, async () => {
  const { id } = await db.selectFrom('operation').select('id').executeTakeFirstOrThrow();
  const line = { operation_id: id, type: 'x', summary: 'x', run_id: null, run_seq: null };
  const detail = JSON.stringify({ deep: [`leaked ${password}`] });
  await db
    .insertInto('operation_event')
    .values({ ...line, seq: 100_000, detail })
    .execute();
  await client.workflow.start('leak', {
    workflowId: 'leak',
    taskQueue: 'nobody',
    args: [{ leaked: fromEnv }],
    memo: { leaked: fromFile },
  });
  await appendFile(join(home, 'log/worker.log'), `${Buffer.from(`x${fromEnv}`).toString('base64')}\n`);
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)', fromEnv], { stdio: 'ignore' });
  try {
    await expect.poll(async () => (await leaks()).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(6);
    const found = (await leaks()).map(({ secret, where }) => `${secret}: ${where}`).join('\n');

    expect(found).toMatch(/database password: table operation_event/);
    expect(found).toMatch(/environment: workflow leak .*, opened/);
    expect(found).toMatch(/file: workflow leak .*, as stored/);
    expect(found).toMatch(/file: workflow leak .*, description/);
    expect(found).toMatch(/environment: file .*worker\.log/);
    expect(found).toMatch(/environment: command line/);
    // The argument was sealed on its way: who reads what Temporal stores sees nothing.
    expect(found).not.toMatch(/environment: workflow leak .*, as stored/);
  } finally {
    child.kill();
    await client.workflow.getHandle('leak').terminate();
  }
});

async function leaks(): Promise<Finding[]> {
  return scan(await everyPlace());
}

function scan(places: readonly Place[]): Finding[] {
  return places.flatMap(({ where, text }) => findingsIn(where, text, needles));
}

async function everyPlace(): Promise<Place[]> {
  const { temporalNamespace: namespace } = stack.connections;
  const keyring = openKeyring(join(home, 'secrets/payload-keys.json'));
  const { api, metrics } = stack.urls;
  const places = await Promise.all([
    temporalPlaces(client, createPayloadCodec({ keyring, namespace })),
    databasePlaces(db),
    filePlaces(join(home, 'log')),
    filePlaces(join(home, 'temporal')),
    filePlaces(join(home, 'agent')),
    filePlaces(join(home, 'haproxy')),
    pagePlaces([
      `${api}/metrics`,
      `${api}/openapi.json`,
      metrics,
      `http://127.0.0.1:${stack.ports.sdkMetrics}/metrics`,
    ]),
  ]);
  return [...places.flat(), ...processPlaces()];
}

async function unarchived(): Promise<number> {
  const rows = await db.selectFrom('operation').select('id').where('archived_at', 'is', null).execute();
  return rows.length;
}

/** Whatever `up` has made for itself: every file of its secret folders, and each value in them. */
async function secretsOfTheStack(): Promise<Needle[]> {
  const found: Needle[] = [];
  for (const name of ['secrets', 'keys', 'audit']) {
    for (const file of await filesOf(join(home, name))) {
      const text = (await readFile(join(home, name, file), 'utf8')).trim();
      const values = text.startsWith('{')
        ? [...text.matchAll(/"([A-Za-z0-9+/]{40,}=*)"/g)].map(([, key]) => key ?? '')
        : [text];
      found.push(...values.map((value) => needleOf(`${name}/${file}`, value)));
    }
  }
  expect(found.length).toBeGreaterThanOrEqual(3);
  return found;
}

async function filesOf(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile() && !entry.name.includes('.pub')).map(({ name }) => name);
}

async function rollout(
  version: string,
  outcome: string,
  decision: 'approve' | 'abort' | null = null,
): Promise<CanaryRollout> {
  const { id } = JSON.parse(await holdfast(['canary', 'start', 'shop', version, '--json'])) as CanaryRollout;
  for (;;) {
    const shown = JSON.parse(await holdfast(['canary', 'status', '--id', id, '--json'])) as CanaryRollout;
    if (shown.status === 'closed') {
      expect({ version, outcome: shown.state.outcome, reason: shown.state.reason }).toMatchObject({
        outcome,
      });
      return shown;
    }
    if (shown.state.phase === 'waiting-for-approval') {
      const steering =
        decision === 'abort'
          ? holdfast(['canary', 'abort', 'shop', '--reason', 'as the story goes'])
          : holdfast(['canary', 'approve', 'shop'], { HOLDFAST_API_KEY: reviewerKey });
      await steering.catch(() => undefined);
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

async function holdfast(args: readonly string[], as: Record<string, string> = {}): Promise<string> {
  const child = spawn(join(import.meta.dirname, '../../holdfast'), args, {
    env: { ...env, ...as },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  const leaked = findingsIn(`holdfast ${args.join(' ')}`, said.stdout + said.stderr, needles ?? []);
  expect(leaked).toEqual([]);
  const isAnOutcome = ['canary', 'notifications'].includes(args[0] ?? '') && code === 1;
  if (code !== 0 && !isAnOutcome) throw new Error(`holdfast ${args.join(' ')}: ${code} ${said.stderr}`);
  return said.stdout;
}
