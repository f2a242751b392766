import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildApp } from '../../api/app.ts';
import type { App } from '../../api/dependencies.ts';
import { createMayDecode } from '../../api/may-decode.ts';
import { openSigner } from '../../api/signer.ts';
import type { RunHistory, RunRecord } from '../../contracts/run-record.ts';
import { createPayloadCodec } from '../../payload-codec/codec.ts';
import { openKeyring } from '../../payload-codec/keyring.ts';
import { holdfast } from '../cli/support.ts';
import { makeKeyFile } from '../payload-codec/keys.ts';
import { keyOfPerson } from '../support/access.ts';
import { houseForFile } from '../support/rollout-house/for-file.ts';
import {
  makeService,
  quickPlan,
  startRollout,
  type StartedRollout,
} from '../support/rollout-house/people.ts';

const keys = await makeKeyFile();
const house = houseForFile({ payloadKeys: () => Promise.resolve(keys.file) });
const token = 'a-bearer-key-of-some-length';
let folder: string;
let app: App;
let key: string;
let url: string;
let rollout: StartedRollout;
let file: string;
let publicKey: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-export-'));
  const pair = generateKeyPairSync('ed25519');
  publicKey = join(folder, 'key.pub.pem');
  await writeFile(join(folder, 'key.pem'), pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
  });
  await writeFile(publicKey, pair.publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(join(folder, 'token'), token, { mode: 0o600 });
  const { namespace } = house();
  key = await keyOfPerson(house().db, 'ada');
  const codec = createPayloadCodec({ keyring: openKeyring(keys.file), namespace });
  app = await buildApp({
    db: house().db,
    notifications: { on: () => () => undefined, close: () => Promise.resolve() },
    temporal: () => house().client,
    taskQueue: 'operations',
    signer: openSigner(join(folder, 'key.pem')),
    codec: { codec, namespace, uiUrl: null, mayDecode: createMayDecode(join(folder, 'token')) },
  });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
  const gated = { ...quickPlan, steps: [{ weight: 50, soak: '1s', gate: true }, { weight: 100 }] };
  rollout = await startRollout(house(), await makeService(house()), 'v2', gated);
  await rollout.until('waiting-for-approval');
});
afterAll(async () => {
  await app.close();
  for (const one of [folder, keys.folder]) await rm(one, { recursive: true, force: true });
});

test('the record of a running operation is not there yet', async () => {
  const answer = await holdfast(url, key, ['runs', 'export', rollout.operationId, '--output', '-']);
  expect(answer).toMatchObject({ code: 5 });
  expect(answer.stderr).toContain('it runs');
});

test('an ended operation is exported whole, and verified without a server', { timeout: 60_000 }, async () => {
  await rollout.decide('approve');
  await rollout.result();
  await house().startReconciliation();
  file = join(folder, 'run.json');
  const exported = async () =>
    (await holdfast(url, key, ['runs', 'export', rollout.operationId, '--output', file])).code;
  await expect.poll(exported, { timeout: 30_000, interval: 500 }).toBe(0);

  expect(((await stat(file)).mode & 0o777).toString(8)).toBe('600');
  const { parts, manifest } = JSON.parse(await readFile(file, 'utf8')) as RunRecord;
  expect(manifest).toMatchObject({
    operationId: rollout.operationId,
    project: 'default',
    payloads: 'as-stored',
  });
  expect(parts['operation']).toMatchObject({ status: 'closed', outcome: 'promoted' });
  expect((parts['timeline'] as unknown[]).length).toBe((await rollout.events()).length);
  expect(parts['decisions']).toMatchObject([{ decision: 'approve', decided_by: expect.any(String) }]);
  const actions = (parts['audit'] as { entry: { action: string } }[]).map(({ entry }) => entry.action);
  expect(actions).toEqual(expect.arrayContaining(['canary-rollout.start', 'canary-rollout.closed']));
  expect(parts['histories']).toMatchObject([{ state: 'kept' }]);
  // The port is closed to it: nobody is asked.
  const verified = await holdfast('http://127.0.0.1:1', key, [
    'runs',
    'verify',
    file,
    '--public-key',
    publicKey,
    '--json',
  ]);
  expect(verified).toMatchObject({ code: 0 });
  expect(verified.json()).toMatchObject({ valid: true, operationId: rollout.operationId, problems: [] });
});

test('nothing that is there is overwritten', async () => {
  const again = await holdfast(url, key, ['runs', 'export', rollout.operationId, '--output', file]);
  expect(again).toMatchObject({ code: 1 });
  expect(again.stderr).toContain('it is there already');
});

test('payloads stay sealed unless who may decode asks for clear ones', async () => {
  const get = (headers: Record<string, string>) =>
    app.inject({
      url: `/v1/projects/default/operations/${rollout.operationId}/record?payloads=clear`,
      headers: { authorization: `Bearer ${key}`, ...headers },
    });
  const textOf = (record: RunRecord): string => {
    const [history] = record.parts['histories'] as RunHistory[];
    const data = [...(history?.text ?? '').matchAll(/"data":\s*"([^"]+)"/g)];
    return data.map(([, base64 = '']) => Buffer.from(base64, 'base64').toString('latin1')).join('\n');
  };
  const stored = JSON.parse(await readFile(file, 'utf8')) as RunRecord;

  expect((await get({})).statusCode).toBe(401);
  const answer = await get({ 'holdfast-codec-key': token });

  expect(answer.statusCode).toBe(200);
  expect(textOf(stored)).not.toContain('stableVersion');
  expect(textOf(answer.json())).toContain('stableVersion');
  const clear = join(folder, 'clear.json');
  await writeFile(clear, answer.body);
  expect(await holdfast(url, key, ['runs', 'verify', clear, '--public-key', publicKey])).toMatchObject({
    code: 0,
  });
});

type Change = (record: RunRecord) => void;
const part = (record: RunRecord, name: string): Record<string, unknown>[] =>
  record.parts[name] as Record<string, unknown>[];

test.each<[string, Change, string]>([
  [
    'an outcome',
    ({ parts }) => void Object.assign(parts['operation'] as object, { outcome: 'aborted' }),
    'operation was changed',
  ],
  ['a line of the timeline', (record) => void part(record, 'timeline').splice(3, 1), 'timeline was changed'],
  ['the order of the timeline', (record) => void part(record, 'timeline').reverse(), 'timeline was changed'],
  [
    'who decided',
    (record) => void Object.assign(part(record, 'decisions')[0] ?? {}, { decided_by: 'eve' }),
    'decisions was changed',
  ],
  [
    'an event of the history',
    (record) => void Object.assign(part(record, 'histories')[0] ?? {}, { text: '{}' }),
    'is not the one that was archived',
  ],
  ['a part that is gone', ({ parts }) => void delete parts['audit'], 'audit is missing'],
  ['a part that came', ({ parts }) => void (parts['more'] = []), 'more was added'],
  [
    'the time',
    ({ manifest }) => void (manifest.exportedAt = '2020-01-01T00:00:00.000Z'),
    'signature does not fit',
  ],
  [
    'the operation',
    ({ manifest }) => void (manifest.operationId = '01ARZ3NDEKTSV4RRFFQ69G5FAV'),
    'another operation',
  ],
  [
    'the signature',
    ({ signature }) => void (signature.value = signature.value.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))),
    'signature does not fit',
  ],
  ['the key', ({ signature }) => void (signature.keyId = '0123456789abcdef'), 'signed by the key'],
])('%s that was changed is found', async (_, change, problem) => {
  const record = JSON.parse(await readFile(file, 'utf8')) as RunRecord;
  const forged = join(folder, 'forged.json');
  change(record);
  await writeFile(forged, JSON.stringify(record));

  const verified = await holdfast(url, key, ['runs', 'verify', forged, '--public-key', publicKey]);

  expect(verified.code).toBe(1);
  expect(verified.stdout).toContain(problem);
});

test.each([
  ['no JSON', 'nonsense'],
  ['another JSON', '{}'],
  ['a list', '[]'],
  ['nothing', 'null'],
])('a file that is %s is no record', async (_, content) => {
  const bad = join(folder, 'bad.json');
  await writeFile(bad, content);

  const verified = await holdfast(url, key, ['runs', 'verify', bad, '--public-key', publicKey]);

  expect(verified.code).toBe(2);
  expect(verified.stderr).toContain('is no record of a run');
});

test('what was signed with another key is not valid', async () => {
  const other = join(folder, 'other.pub.pem');
  await writeFile(other, generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }));

  const verified = await holdfast(url, key, ['runs', 'verify', file, '--public-key', other]);

  expect(verified.code).toBe(1);
  expect(verified.stdout).toContain('signed by the key');
});
