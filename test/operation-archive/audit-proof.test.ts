import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publishCheckpoint } from '../../activities/reconciliation/audit.ts';
import { openSigner } from '../../api/signer.ts';
import type { RunRecord } from '../../contracts/run-record.ts';
import { audit } from '../../db/audit.ts';
import { sealEntries } from '../../db/audit/seal.ts';
import { saveArchive } from '../../db/operation-archive.ts';
import { partDigests, signedText } from '../../domain/run-record.ts';
import { sha256 as sha256Of } from '../../cli/audit/tools.ts';
import { ensureSigningKey } from '../../infra/audit/signing-key.ts';
import { createFileCheckpointStore } from '../../providers/checkpoint-store/file.ts';
import { readNoteSigner } from '../../providers/note-signer/file.ts';
import { listeningApi, type ListeningApi } from '../api/edge/listening.ts';
import { holdfast } from '../cli/support.ts';

let folder: string;
let api: ListeningApi;
let id: string;
let file: string;
let checkpoints: string;
let auditKey: string;
let publicKey: string;
const privateKey = (): string => join(folder, 'key.pem');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-audit-proof-'));
  file = join(folder, 'run.json');
  checkpoints = join(folder, 'checkpoints');
  publicKey = join(folder, 'key.pub.pem');
  const pair = generateKeyPairSync('ed25519');
  await writeFile(privateKey(), pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  await writeFile(publicKey, pair.publicKey.export({ type: 'spki', format: 'pem' }));
  await ensureSigningKey(join(folder, 'audit.pem'));
  auditKey = join(folder, 'audit.pem.pub');
  api = await listeningApi({ signer: openSigner(privateKey()) });
  id = await endedOperation();
  await say('canary-rollout.start', id);
  await say('service.replace', null);
  await say('canary-rollout.closed', id);
  await publish();
  for (let more = 0; more < 4; more += 1) await say('service.replace', null);
  await publish();
  expect(await exportTo(file)).toBe(0);
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

async function endedOperation(): Promise<string> {
  const operation = ulid();
  const closed = { status: 'closed', phase: 'done', outcome: 'promoted', summary: '', stuck: null } as const;
  await api.db
    .insertInto('operation')
    .values({
      ...closed,
      ...{ id: operation, project: 'default', kind: 'canary-rollout', target: 'shop' },
      ...{ started_by: 'ada', workflow_id: operation, run_id: null },
      // Long ago: nothing of it waits for its signature.
      finished_at: new Date(Date.now() - 3_600_000),
    })
    .execute();
  const forgotten = {
    runId: 'r',
    state: 'forgotten',
    events: 0,
    bytes: 0,
    digest: null,
    content: null,
  } as const;
  await saveArchive(api.db, { id: operation, project: 'default' }, [forgotten]);
  return operation;
}

async function say(action: string, operationId: string | null): Promise<void> {
  await audit(api.db, {
    ...{ project: 'default', principal: 'ada', action, subject: 'shop' },
    operationId,
    detail: {},
  });
  await sealEntries(api.db, 'default');
}

async function publish(): Promise<void> {
  const signer = await readNoteSigner(join(folder, 'audit.pem'));
  if (signer === null) throw new Error('the key was just made');
  await publishCheckpoint(api.db, { store: createFileCheckpointStore(checkpoints), signer }, 'default');
}

async function exportTo(output: string, operation = id): Promise<number> {
  return (await holdfast(api.url, api.key, ['runs', 'export', operation, '--output', output])).code;
}

/** Nobody is asked: the port of the API is another one. */
function verify(of: string, ...flags: string[]) {
  return holdfast('http://127.0.0.1:1', api.key, [
    'runs',
    'verify',
    of,
    '--public-key',
    publicKey,
    '--json',
    ...flags,
  ]);
}

test('the audit entries of a record are found under the signed checkpoint in it, without a server', async () => {
  const verified = await verify(file, '--audit-key', auditKey, '--checkpoints', checkpoints);
  expect(verified.json()).toMatchObject({ valid: true, problems: [], audit: { proven: 2, checkpoint: 7 } });
  expect(verified.code).toBe(0);
});

test('without the key of the audit it says that they were not looked at', async () => {
  const verified = await verify(file);
  expect(verified.json()).toMatchObject({ valid: true, audit: null });
  const told = await holdfast('http://127.0.0.1:1', api.key, [
    'runs',
    'verify',
    file,
    '--public-key',
    publicKey,
  ]);
  expect(told.stdout).toContain('--audit-key');
});

describe('who has the key that signs records is found out by the audit', () => {
  interface Part {
    audit: { id: string; seq: number; bytes: string; entry: Record<string, unknown> }[];
    auditProof: { checkpoint: string | null; paths: (string[] | null)[] };
  }

  /** A record that was changed and signed again: its own signature holds. */
  async function forge(change: (part: Part) => unknown): Promise<string> {
    const record = JSON.parse(await readFile(file, 'utf8')) as RunRecord;
    change(record.parts as unknown as Part);
    const sha256 = (text: string): string => Buffer.from(sha256Of(Buffer.from(text))).toString('hex');
    record.manifest.parts = partDigests(record.parts, sha256);
    record.signature.value = openSigner(privateKey()).sign(signedText(record.manifest));
    const forged = join(folder, `forged-${ulid()}.json`);
    await writeFile(forged, JSON.stringify(record));
    return forged;
  }

  function rewrite(part: Part, index: number, change: object): void {
    const entry = part.audit[index]!;
    Object.assign(entry.entry, change);
    const sorted = Object.fromEntries(Object.entries(entry.entry).sort(([a], [b]) => (a < b ? -1 : 1)));
    entry.bytes = Buffer.from(JSON.stringify(sorted)).toString('base64');
  }

  test.each<[string, (part: Part) => unknown, string]>([
    [
      'an entry',
      (part) => rewrite(part, 0, { action: 'nothing.happened' }),
      'entry 1 is not under the checkpoint of 7',
    ],
    [
      'what is shown of an entry',
      ({ audit: [one] }) => Object.assign(one!.entry, { action: 'x' }),
      'otherwise than it was hashed',
    ],
    ['the place of an entry', ({ audit: [one] }) => (one!.seq = 2), 'is not under'],
    ['the order of entries', ({ audit: entries }) => entries.reverse(), 'is not under'],
    ['an entry that is another one', (part) => (part.audit[0] = part.audit[1]!), 'is not under'],
    [
      'an entry that was added',
      (part) => part.audit.push({ ...part.audit[0]! }),
      'is not under the checkpoint of 7 yet',
    ],
    [
      'an entry of another operation',
      (part) => rewrite(part, 0, { operation: ulid() }),
      'belongs to something else',
    ],
    [
      'an entry of another project',
      (part) => rewrite(part, 0, { project: 'other' }),
      'belongs to something else',
    ],
    ['bytes that are none', ({ audit: [one] }) => (one!.bytes = '%%%'), 'is not readable'],
    ['a hash of a path', ({ auditProof: { paths } }) => (paths[0]![0] = paths[1]![0]!), 'is not under'],
    ['a path that is too short', ({ auditProof: { paths } }) => paths[0]!.pop(), 'is not under'],
    ['a path that is gone', ({ auditProof: { paths } }) => (paths[0] = null), 'yet: export the record again'],
    [
      'the size of the checkpoint',
      (part) => note(part, (text) => text.replace('\n7\n', '\n6\n')),
      'wrong-signature',
    ],
    [
      'the project of the checkpoint',
      (part) => note(part, (text) => text.replace('/default\n', '/other\n')),
      'wrong-signature',
    ],
    [
      'the signature',
      (part) => note(part, (text) => text.replace(/.{9}=*\n$/, 'AAAAAAAAA\n')),
      'not to be trusted',
    ],
    ['a checkpoint that is none', (part) => note(part, () => 'signed by me'), 'malformed'],
    ['a checkpoint that is gone', (part) => (part.auditProof.checkpoint = null), 'holds no audit checkpoint'],
    ['all proofs', (part) => delete (part as Partial<Part>).auditProof, 'holds no proofs'],
  ])('%s', async (_, change, problem) => {
    const forged = await forge(change);
    expect((await verify(forged)).json()).toMatchObject({ valid: true });
    const { code, stdout } = await verify(forged, '--audit-key', auditKey, '--checkpoints', checkpoints);
    expect([code, stdout]).toEqual([1, expect.stringContaining(problem) as string]);
  });

  function note({ auditProof }: Part, change: (text: string) => string): void {
    auditProof.checkpoint = change(auditProof.checkpoint ?? '');
  }
});

test('a checkpoint that was signed over another history is found by those that were published', async () => {
  const elsewhere = join(folder, 'elsewhere');
  const other = createFileCheckpointStore(elsewhere);
  const signer = await readNoteSigner(join(folder, 'audit.pem'));
  const text = `holdfast/audit/default\n7\n${Buffer.alloc(32, 7).toString('base64')}\n`;
  const key = (await readFile(auditKey, 'utf8')).trim().split('+');
  const signature = await signer!.sign(Buffer.from(text));
  const line = Buffer.concat([Buffer.from(key[1]!, 'hex'), signature]).toString('base64');
  await other.append('default', { size: 7, note: `${text}\n\u2014 ${key[0]} ${line}\n` });
  const { code, stdout } = await verify(file, '--audit-key', auditKey, '--checkpoints', elsewhere);
  expect([code, stdout]).toEqual([1, expect.stringContaining('fork') as string]);
});

test.each([
  ['a key that is none', ['--audit-key', 'nonsense'], '--audit-key'],
  ['checkpoints without a key', ['--checkpoints', '/tmp'], '--audit-key'],
  [
    'a folder without checkpoints',
    ['--checkpoints', '/nonexistent', '--audit-key', 'AUDIT'],
    'no checkpoint of default',
  ],
])('%s is a wrong use', async (_, flags, words) => {
  const given = flags.map((flag) => (flag === 'AUDIT' ? auditKey : flag));
  const { code, stderr } = await verify(file, ...given);
  expect([code, stderr]).toEqual([2, expect.stringContaining(words) as string]);
});

test('the key of another audit is not enough', async () => {
  await ensureSigningKey(join(folder, 'stranger.pem'));
  const { code, stdout } = await verify(file, '--audit-key', join(folder, 'stranger.pem.pub'));
  expect([code, stdout]).toEqual([1, expect.stringContaining('unknown-key') as string]);
});

test('a record whose entries are about to be signed is not there yet', async () => {
  const late = await endedOperation();
  await api.db.updateTable('operation').set({ finished_at: new Date() }).where('id', '=', late).execute();
  await say('canary-rollout.closed', late);
  expect(await exportTo(join(folder, 'late.json'), late)).toBe(5);
  await publish();
  expect(await exportTo(join(folder, 'late.json'), late)).toBe(0);
});
