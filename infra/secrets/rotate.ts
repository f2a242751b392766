import type { Config } from '../../config.ts';
import { readKeyFile, withNewKey, writeKeyFile } from '../../payload-codec/key-file.ts';
import { secretFiles } from './files.ts';

/** Adds a payload key and seals with it; running processes read it within a second. Throws `invalid-input` without a key file. */
export async function rotatePayloadKey(
  config: Config,
): Promise<{ file: string; sealWith: string; known: number }> {
  const { payloadKeys: file } = secretFiles(config);
  const keys = withNewKey(readKeyFile(file));
  await writeKeyFile(file, keys);
  return { file, sealWith: keys.sealWith, known: Object.keys(keys.keys).length };
}
