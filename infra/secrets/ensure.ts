import { createPublicKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { Config } from '../../config.ts';
import { newKeyFile } from '../../payload-codec/key-file.ts';
import { secretFiles, type SecretFiles } from './files.ts';

/** The secrets of a stack: files that were configured, else files of its home, made when they are not there. Nobody else can read them. */
export async function ensureSecrets(config: Config): Promise<SecretFiles> {
  const files = secretFiles(config);
  await mkdir(files.folder, { recursive: true, mode: 0o700 });
  await chmod(files.folder, 0o700);
  if (config.secrets.payloadKeys === null) {
    await makeOnce(files.payloadKeys, () => `${JSON.stringify(newKeyFile(), null, 2)}\n`);
  }
  if (config.secrets.codecToken === null) {
    await makeOnce(files.codecToken, () => `${randomBytes(32).toString('base64url')}\n`);
  }
  if (config.secrets.signingKey === null) {
    await makeOnce(files.signingKey, () =>
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    );
  }
  await publish(files);
  return files;
}

/** Written each time: the signing key may have been replaced by a configured one. */
async function publish({ signingKey, publicSigningKey }: SecretFiles): Promise<void> {
  const key = createPublicKey(await readFile(signingKey));
  await writeFile(publicSigningKey, key.export({ type: 'spki', format: 'pem' }), { mode: 0o644 });
}

/** Whole or not at all, and never a second time: what was sealed or signed with it needs it for ever. */
async function makeOnce(file: string, content: () => string): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, content(), { mode: 0o600 });
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
