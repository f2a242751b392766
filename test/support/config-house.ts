import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSigner, type Signer } from '../../api/signer.ts';
import type { ConfigBundle, ConfigReport } from '../../contracts/config-bundle.ts';
import { signBundle, type UnsignedBundle } from '../../domain/config-bundle/bundle-text.ts';
import { sha256Hex } from '../../proxy-agent/config-bundle/sha256-hex.ts';
import {
  startSimulatedControlPlane,
  type SimulatedControlPlane,
} from '../../bench/config-reload/control-plane.ts';
import { startHaproxy, until, type TestProxy } from './haproxy.ts';

/** A real HAProxy with its agent, and a control plane that hands out bundles and keeps reports. */
export interface ConfigHouse {
  readonly proxy: TestProxy;
  readonly plane: SimulatedControlPlane;
  readonly signer: Signer;
  /** The operator's base configuration, whose frontend answers `text` by itself. */
  base(text: string): string;
  /** A signed bundle of a base configuration, at the next sequence. */
  bundle(content: string, changes?: Partial<UnsignedBundle>): ConfigBundle;
  /** What the frontend answers now. */
  answer(): Promise<string>;
  /** The first report on a bundle that says how it ended. */
  ended(bundle: ConfigBundle, timeoutMs?: number): Promise<ConfigReport>;
  close(): Promise<void>;
}

export async function buildConfigHouse(isAgentStarted = true): Promise<ConfigHouse> {
  const plane = await startSimulatedControlPlane();
  const proxy = await startHaproxy({ backends: ['shop'] });
  const signer = createSigner(
    join(proxy.folder, 'signing-key.pem'),
    proxy.env.HOLDFAST_PROXY_CONFIG_KEYS ?? '',
  );
  const base = (text: string): string => withAnswer(proxy, text);
  let sequence = 0;
  if (isAgentStarted) await proxy.startAgent(plane.url);
  return {
    proxy,
    plane,
    signer,
    base,
    bundle(content, changes = {}) {
      sequence = changes.sequence ?? sequence + 1;
      const unsigned = { ...plainBundle(content, sequence), ...changes };
      return signBundle(sha256Hex, signer, unsigned);
    },
    async answer() {
      const answer = await fetch(proxy.frontends.shop ?? '', { headers: { connection: 'close' } });
      return answer.text();
    },
    async ended(bundle, timeoutMs = 15_000) {
      let found: ConfigReport | undefined;
      await until(
        `a verdict on sequence ${bundle.sequence}; the last report is ${JSON.stringify(plane.reports.at(-1))}`,
        () => {
          found = plane.reports.findLast(
            ({ attempted, outcome }) =>
              attempted?.sequence === bundle.sequence && outcome !== null && outcome !== 'failed',
          );
          return found !== undefined;
        },
        timeoutMs,
      );
      if (!found) throw new Error('unreachable');
      return found;
    },
    async close() {
      await proxy.stop();
      await plane.close();
    },
  };
}

/** An Ed25519 key in `keyFile`; its public half is added to those in `trusted`. */
export function createSigner(keyFile: string, trusted: string | null): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  if (trusted !== null)
    writeFileSync(trusted, publicKey.export({ type: 'spki', format: 'pem' }), { flag: 'a' });
  return openSigner(keyFile);
}

function plainBundle(content: string, sequence: number): UnsignedBundle {
  return {
    project: 'default',
    environment: 'production',
    proxy: null,
    revision: sha256Hex(content),
    sequence,
    order: 'apply',
    notBefore: new Date(Date.now() - 60_000).toISOString(),
    expiresAt: new Date(Date.now() + 3600_000).toISOString(),
    files: [{ path: 'base.cfg', content, sha256: sha256Hex(content) }],
  };
}

function withAnswer({ operatorsBase }: TestProxy, text: string): string {
  return operatorsBase.replace(
    '    default_backend shop\n',
    `    http-request return status 200 content-type text/plain string "${text}"\n    default_backend shop\n`,
  );
}
