import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from '../../config.ts';
import { checkTrustedKeys } from '../../infra/doctor/trusted-keys.ts';
import { ensureSecrets } from '../../infra/secrets/ensure.ts';
import { holdsKey, trustSigningKey } from '../../infra/secrets/trust-signing-key.ts';

let home: string;
let trusted: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'holdfast-trust-'));
  trusted = join(home, 'agent/config-keys.pem');
});
afterEach(() => rm(home, { recursive: true, force: true }));

test('the key is added once, and those of others stay', async () => {
  const [own, other] = [await publicKeyIn('own.pem'), await publicKeyIn('other.pem')];

  await trustSigningKey(join(home, 'other.pem'), trusted);
  // As an editor may leave it.
  await writeFile(trusted, `# ours\n${other.trimEnd()}`);
  await trustSigningKey(join(home, 'own.pem'), trusted);
  await trustSigningKey(join(home, 'own.pem'), trusted);

  const text = await readFile(trusted, 'utf8');
  expect(text.match(/BEGIN PUBLIC KEY/g)).toHaveLength(2);
  expect([own, other].map((key) => holdsKey(text, key))).toEqual([true, true]);
  expect(await readdir(join(home, 'agent'))).toEqual(['config-keys.pem']);
});

test('the doctor finds an agent that would refuse every configuration', async () => {
  const config = loadConfig({ HOLDFAST_HOME: home });
  const { publicSigningKey } = await ensureSecrets(config);
  await publicKeyIn('other.pem');
  await trustSigningKey(join(home, 'other.pem'), trusted);

  expect(await checkTrustedKeys(config)).toMatchObject({
    ok: false,
    fix: expect.stringContaining('up') as string,
  });

  await trustSigningKey(publicSigningKey, trusted);
  expect(await checkTrustedKeys(config)).toMatchObject({ ok: true });
});

async function publicKeyIn(name: string): Promise<string> {
  const pem = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
  await writeFile(join(home, name), pem);
  return pem;
}
