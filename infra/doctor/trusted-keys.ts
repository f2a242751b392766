import { readFile } from 'node:fs/promises';
import type { Config } from '../../config.ts';
import { secretFiles } from '../secrets/files.ts';
import { holdsKey } from '../secrets/trust-signing-key.ts';
import { healthy, wrong, type Finding } from './finding.ts';

const title = 'keys that the agent trusts';

/** Whether the agent of the embedded stack takes what its API signs. */
export async function checkTrustedKeys(config: Config): Promise<Finding> {
  const { publicSigningKey } = secretFiles(config);
  const { configKeys } = config.agent;
  const [key, trusted] = await Promise.all([readOr(publicSigningKey), readOr(configKeys)]);
  if (holdsKey(trusted, key)) return healthy(title);
  return wrong(
    title,
    `${configKeys} does not hold the signing key: the agent will refuse every configuration`,
    `holdfast down, then holdfast up, which adds ${publicSigningKey} to it`,
  );
}

function readOr(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
