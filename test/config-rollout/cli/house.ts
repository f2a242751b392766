import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHaproxyCheck } from '../../../providers/config-check/haproxy.ts';
import { createShadowRun } from '../../../providers/config-check/shadow-run.ts';
import { apiUnderTest, type ApiUnderTest } from '../../api/support.ts';
import { holdfast, type Run } from '../../cli/support.ts';
import { testSigner } from '../../support/fleet.ts';

export interface CliHouse {
  readonly api: ApiUnderTest;
  readonly url: string;
  run(...argv: string[]): Promise<Run>;
  /** Writes a file of a folder of its own; answers its path. */
  file(name: string, text: string): Promise<string>;
  path(name: string): string;
  read(name: string): Promise<string>;
  close(): Promise<void>;
}

/** The command line on a real API with the HAProxy of this machine; no worker runs. */
export async function cliHouse(): Promise<CliHouse> {
  const haproxy = { haproxy: 'haproxy', scratch: tmpdir() };
  const signer = await testSigner();
  const edges = { signer, configCheck: createHaproxyCheck(haproxy), shadowRun: createShadowRun(haproxy) };
  const api = await apiUnderTest({ edges });
  const url = await api.app.listen({ host: '127.0.0.1', port: 0 });
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-config-cli-'));
  const path = (name: string): string => join(folder, name);
  return {
    api,
    url,
    path,
    run: (...argv) => holdfast(url, api.key, argv),
    async file(name, text) {
      await writeFile(path(name), text);
      return path(name);
    },
    read: (name) => readFile(path(name), 'utf8'),
    async close() {
      await api.close();
      await signer.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A file as a person writes it, with comments; `cart` and `pages` are the weights of a server each. */
export function shopYaml({ cart = 10, pages = 10, extra = '' } = {}): string {
  return `schemaVersion: 1
# what every proxy has
defaults:
  timeouts: { connect: 2s, client: 30s, server: 30s, httpRequest: 10s }
  hardStopAfter: 1m
frontends:
  - name: web
    binds: [{ port: 8080 }]
    routes:
      - name: cart # the money
        match: { prefixes: [/cart] }
        backend: cart
    defaultBackend: pages
backends:
  - name: cart
    servers:
      - { name: c1, address: 10.0.0.1:80, weight: ${cart} }
  - name: pages
    servers:
      - { name: p1, address: 10.0.1.1:80, weight: ${pages} }
${extra}`;
}
