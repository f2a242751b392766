import { createPublicKey } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from '../../config.ts';
import { ensureSecrets } from '../../infra/secrets/ensure.ts';
import { rotatePayloadKey } from '../../infra/secrets/rotate.ts';
import { writeStackRecord, type StackRecord } from '../../infra/stack/record.ts';
import { openKeyring } from '../../payload-codec/keyring.ts';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'holdfast-secrets-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const modeOf = async (file: string): Promise<string> => ((await stat(file)).mode & 0o777).toString(8);

test('secrets are made once, for their owner alone', async () => {
  const config = loadConfig({ HOLDFAST_HOME: home });

  const files = await ensureSecrets(config);

  expect(await modeOf(files.folder)).toBe('700');
  const secret = [files.payloadKeys, files.codecToken, files.signingKey];
  for (const file of secret) expect(await modeOf(file)).toBe('600');
  const before = await Promise.all(secret.map((file) => readFile(file, 'utf8')));
  await ensureSecrets(config);
  expect(await Promise.all(secret.map((file) => readFile(file, 'utf8')))).toEqual(before);
  expect(new Set(before).size).toBe(3);
  expect(createPublicKey(await readFile(files.publicSigningKey)).asymmetricKeyType).toBe('ed25519');
});

test('two that begin at once make one set', async () => {
  const config = loadConfig({ HOLDFAST_HOME: home });

  await Promise.all(Array.from({ length: 8 }, () => ensureSecrets(config)));

  const { payloadKeys } = await ensureSecrets(config);
  expect(
    Object.keys((JSON.parse(await readFile(payloadKeys, 'utf8')) as { keys: object }).keys),
  ).toHaveLength(1);
});

test('files that were configured are used as they are', async () => {
  const token = join(home, 'my-token');
  await writeFile(token, 'mine', { mode: 0o600 });

  const files = await ensureSecrets(loadConfig({ HOLDFAST_HOME: home, HOLDFAST_CODEC_TOKEN: token }));

  expect(files.codecToken).toBe(token);
  expect(await readFile(token, 'utf8')).toBe('mine');
});

test('a rotation keeps the old keys and the mode of the file', async () => {
  const config = loadConfig({ HOLDFAST_HOME: home });
  const { payloadKeys } = await ensureSecrets(config);
  const before = openKeyring(payloadKeys).sealing().id;

  const { sealWith, known } = await rotatePayloadKey(config);

  expect(known).toBe(2);
  expect(openKeyring(payloadKeys).find(before)).not.toBeNull();
  expect(openKeyring(payloadKeys).sealing().id).toBe(sealWith);
  expect(await modeOf(payloadKeys)).toBe('600');
});

test('what the stack writes down, a database URL with its password among it, is for its owner alone', async () => {
  await writeStackRecord(home, { state: 'ready' } as StackRecord);

  expect(await modeOf(join(home, 'stack.json'))).toBe('600');
});
