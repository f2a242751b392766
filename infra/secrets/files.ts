import { join } from 'node:path';
import type { Config } from '../../config.ts';

export interface SecretFiles {
  readonly folder: string;
  readonly payloadKeys: string;
  readonly codecToken: string;
  readonly signingKey: string;
  /** For everybody: whoever checks an export needs it. */
  readonly publicSigningKey: string;
}

/** Where the secrets of a stack are, whether they have been made or not. */
export function secretFiles({ home, secrets }: Pick<Config, 'home' | 'secrets'>): SecretFiles {
  const folder = join(home, 'secrets');
  return {
    folder,
    payloadKeys: secrets.payloadKeys ?? join(folder, 'payload-keys.json'),
    codecToken: secrets.codecToken ?? join(folder, 'codec-token'),
    signingKey: secrets.signingKey ?? join(folder, 'signing-key.pem'),
    publicSigningKey: join(home, 'signing-key.pub.pem'),
  };
}
