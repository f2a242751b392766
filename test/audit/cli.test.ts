import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { publishCheckpoint } from '../../activities/reconciliation/audit.ts';
import { sealEntries } from '../../db/audit/seal.ts';
import { ensureSigningKey } from '../../infra/audit/signing-key.ts';
import { createFileCheckpointStore } from '../../providers/checkpoint-store/file.ts';
import { readNoteSigner } from '../../providers/note-signer/file.ts';
import { apiUnderTest, serviceInput, type ApiUnderTest } from '../api/support.ts';
import { holdfast, type Run } from '../cli/support.ts';

let api: ApiUnderTest;
let url: string;
let folder: string;
let keyFile: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-audit-'));
  keyFile = join(folder, 'signing-key.pem');
  await ensureSigningKey(keyFile);
  api = await apiUnderTest({ auditKeyFile: `${keyFile}.pub` });
  url = await api.app.listen({ host: '127.0.0.1', port: 0 });
  await publish('one', 'two', 'three');
  await publish('four', 'five');
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

const run = (...argv: string[]): Promise<Run> => holdfast(url, api.key, ['audit', ...argv]);
const place = (): string => join(folder, 'checkpoints');

/** Registers services, seals what that wrote and publishes a checkpoint. */
async function publish(...names: string[]): Promise<void> {
  for (const name of names) await api.call('PUT', `services/${name}`, serviceInput(name));
  await sealEntries(api.db, 'default');
  const signer = await readNoteSigner(keyFile);
  if (signer === null) throw new Error('the key is gone');
  await publishCheckpoint(api.db, { store: createFileCheckpointStore(place()), signer }, 'default');
}

test('the key is its owner’s alone, is made once, and is shown', async () => {
  const before = await readFile(keyFile, 'utf8');

  await ensureSigningKey(keyFile);
  const shown = await run('key');

  expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
  expect(await readFile(keyFile, 'utf8')).toBe(before);
  expect(shown.stdout).toMatch(/^holdfast\/audit\+[0-9a-f]{8}\+\S+\n$/);
});

test('the audit is listed, verified against what was published, and told as JSON', async () => {
  const listed = await run('list', '--json');
  const verified = await run('verify', '--checkpoints', place(), '--json');
  const text = await run('verify', '--checkpoints', place());

  expect(listed.json()[0]).toMatchObject({
    seq: 5,
    action: 'service.register',
    subject: 'five',
    principal: 'ada',
  });
  expect(verified.code).toBe(0);
  expect(verified.json()).toMatchObject({ ok: true, entries: 5, checkpoints: 2, waiting: 0, fault: null });
  expect(text.stdout).toContain('5 entries verified against 2 checkpoints');
});

test('a verification goes on where the last one came to', async () => {
  const state = join(folder, 'state.json');
  await run('verify', '--state', state);

  const again = await run('verify', '--state', state, '--json');
  const remembered = JSON.parse(await readFile(state, 'utf8'));
  await writeFile(state, JSON.stringify({ ...remembered, head: Buffer.alloc(32).toString('base64') }));
  const rewritten = await run('verify', '--state', state, '--json');

  expect(remembered).toMatchObject({ project: 'default', seq: 5 });
  expect(again.json()).toMatchObject({ ok: true, entries: 5 });
  expect(rewritten.json()).toMatchObject({ ok: false, fault: { kind: 'rewrite', seq: 5 } });
});

test('an export is verified without a server, by the CLI and by the script', async () => {
  const file = join(folder, 'export.ndjson');
  await run('export', '--output', file);
  const offline = resolve(import.meta.dirname, '../../infra/audit/verify-export.ts');
  const script = (...more: string[]) =>
    promisify(execFile)(process.execPath, [offline, file, '--key', `${keyFile}.pub`, '--json', ...more]);

  const dead = await holdfast('http://127.0.0.1:1', '', [
    'audit',
    'verify',
    '--file',
    file,
    '--key',
    `${keyFile}.pub`,
  ]);
  const alone = await script('--checkpoints', place());
  const lines = (await readFile(file, 'utf8')).split('\n');
  const forged = lines.map((line) => line.replace(/"bytes":"(.{80})..../, '"bytes":"$1AAAA'));
  await writeFile(file, forged.join('\n'));
  const refused = await script().catch((error: { code: number; stdout: string }) => error);

  expect(dead).toMatchObject({ code: 0 });
  expect(JSON.parse(alone.stdout)).toMatchObject({ ok: true, entries: 5, checkpoints: 2 });
  expect(refused).toMatchObject({ code: 1 });
  expect(JSON.parse(refused.stdout)).toMatchObject({ ok: false, fault: { seq: 1 } });
});

test('an entry is proven to be under a checkpoint, and a checkpoint to continue another', async () => {
  const [newest] = (await run('list', '--json')).json();

  const proven = await run('prove', newest.id);
  const older = await run('prove', newest.id, '--size', '3');
  const consistent = await run('consistency', '3', '5');
  const unknown = await run('consistency', '2', '5');
  const strange = await run('prove', newest.id, '--key', await strangersKey());

  expect(proven).toMatchObject({ code: 0 });
  expect(proven.stdout).toContain('is entry 5 of the 5 that were signed');
  expect(older).toMatchObject({ code: 4 });
  expect(consistent).toMatchObject({ code: 0 });
  expect(unknown).toMatchObject({ code: 4 });
  expect(strange).toMatchObject({ code: 1 });
  expect(strange.stderr).toContain('unknown-key');
});

async function strangersKey(): Promise<string> {
  const file = join(folder, 'stranger.pem');
  await ensureSigningKey(file);
  return `${file}.pub`;
}

test('text is erased by its entry, which stays and is still verified', async () => {
  await api.call('POST', 'emergency-stop', { all: true, reason: 'ada told me a secret' });
  await api.call('POST', 'emergency-stop/release', { all: true, reason: 'over' });
  await sealEntries(api.db, 'default');
  const [, stop] = (await run('list', '--json')).json();

  const erased = await run('erase', '--entry', stop.id, '--reason', 'she asked for it');
  await sealEntries(api.db, 'default');

  expect(stop.texts).toEqual({ reason: 'ada told me a secret' });
  expect(erased.stdout).toContain('the text of 1 entries is erased');
  const [erasure, , after] = (await run('list', '--json')).json();
  expect(after).toMatchObject({ id: stop.id, texts: null });
  expect(erasure).toMatchObject({ action: 'audit.erase', detail: { entries: [stop.id] } });
  expect((await run('verify')).code).toBe(0);
});

test.each([
  ['nothing named', ['erase', '--reason', 'why'], 2],
  ['two named', ['erase', '--reason', 'why', '--entry', '0'.repeat(36), '--principal', 'ada'], 2],
  ['no reason', ['erase', '--principal', 'ada'], 2],
  ['an unknown entry', ['prove', '0'.repeat(36)], 4],
  ['no export', ['verify', '--file', '/dev/null', '--key', 'x'], 1],
])('%s is refused', async (_name, argv, code) => {
  expect((await run(...argv)).code).toBe(code);
});

test('a history that contradicts a published checkpoint is not signed', async () => {
  const signer = await readNoteSigner(keyFile);
  if (signer === null) throw new Error('the key is gone');
  const store = createFileCheckpointStore(join(folder, 'other'));
  const foreign = await readFile(join(place(), 'default', '000000000003.checkpoint'), 'utf8');
  await store.append('default', { size: 4, note: foreign });
  await api.call('PUT', 'services/six', serviceInput('six'));
  await sealEntries(api.db, 'default');

  const publishing = publishCheckpoint(api.db, { store, signer }, 'default');

  await expect(publishing).rejects.toMatchObject({ code: 'conflict' });
});
