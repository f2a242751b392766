import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { platformProcesses, type Place, type PlatformProcesses } from '../processes.ts';

export interface FleetProcesses extends PlatformProcesses {
  /** File with the public key of who signs configurations here. */
  readonly configKeysFile: string;
}

interface Options {
  /** Connections that the API keeps open at most; as it usually is when left out. */
  readonly connections?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node for the API, such as --cpu-prof. */
  readonly apiOptions?: readonly string[];
}

/** API and worker as processes of their own, with an Ed25519 key in the folder that signs configurations. */
export async function fleetProcesses(
  place: Place,
  { connections, env = {}, apiOptions = [] }: Options = {},
): Promise<FleetProcesses> {
  const { keyFile, configKeysFile } = makeSigningKey(place.folder);
  const atMost: Record<string, string> =
    connections === undefined ? {} : { HOLDFAST_API_CONNECTIONS: String(connections) };
  const processes = await platformProcesses(place, {
    env: { HOLDFAST_SIGNING_KEY: keyFile, ...atMost, ...env },
    apiOptions,
  });
  return { ...processes, configKeysFile };
}

function makeSigningKey(folder: string): { keyFile: string; configKeysFile: string } {
  const keyFile = path.join(folder, 'signing-key.pem');
  const configKeysFile = path.join(folder, 'config-keys.pem');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(configKeysFile, publicKey.export({ type: 'spki', format: 'pem' }));
  return { keyFile, configKeysFile };
}
