import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { askProof, proofSocket } from '../../../proxy-agent/config-bundle/proof.ts';
import { programFile } from '../../stack/layout.ts';
import type { CommandLine } from '../command-line.ts';
import type { EdgePorts } from './documents.ts';
import { startInstance } from './start-instance.ts';

/** One HAProxy with its agent, as on a node of its own: an address, a folder, a key. */
export interface EdgeProxy {
  readonly name: string;
  readonly region: string;
  readonly address: string;
  readonly logPort: number;
}

export interface EdgePlace {
  readonly home: string;
  readonly haproxy: string;
  readonly apiUrl: string;
  readonly ports: EdgePorts;
}

/** Enrols the proxy as its administrator would: an invitation here, the agent's verb there. */
export async function enrolProxy(line: CommandLine, place: EdgePlace, proxy: EdgeProxy): Promise<void> {
  const folder = folderOf(place, proxy);
  await mkdir(folder, { recursive: true });
  const { name, region, address } = proxy;
  const tokenFile = join(folder, 'token');
  await line.holdfast(
    ...['proxy', 'enroll', name, '--env', 'edge', '--region', region, '--address', address],
    ...['--token-file', tokenFile],
  );
  await line.program('proxy-agent/main.ts', ['enroll', '--token-file', tokenFile], settingsOf(place, proxy));
}

/** Starts HAProxy from a file that an operator wrote, and the agent beside it. */
export async function startProxy(line: CommandLine, place: EdgePlace, proxy: EdgeProxy): Promise<void> {
  const env = settingsOf(place, proxy);
  await writeFile(env.HOLDFAST_HAPROXY_CONFIG, operatorsFile(place, proxy, env.HOLDFAST_HAPROXY_SOCKET));
  await line.program('proxy-agent/main.ts', ['render'], env);
  const { HOLDFAST_HAPROXY_OUTPUT: file, HOLDFAST_HAPROXY_MASTER_SOCKET: master } = env;
  line.interrupted.throwIfAborted();
  const { name } = proxy;
  startInstance(place.home, { name, file: place.haproxy, args: ['-W', '-S', master, '-f', file], env: {} });
  const agent = programFile('proxy-agent/main.ts');
  startInstance(place.home, { name: `${name}-agent`, file: process.execPath, args: [agent], env });
}

/** The hash that HAProxy itself answers; null: none, it serves its operator's file. */
export function hashServedBy(place: EdgePlace, proxy: EdgeProxy): Promise<string | null> {
  return askProof(proofSocket({ socket: settingsOf(place, proxy).HOLDFAST_HAPROXY_SOCKET }));
}

function settingsOf({ home, haproxy, apiUrl }: EdgePlace, proxy: EdgeProxy) {
  const folder = folderOf({ home }, proxy);
  return {
    HOLDFAST_API_URL: apiUrl,
    HOLDFAST_API_KEY_FILE: join(folder, 'key'),
    HOLDFAST_PROXY: proxy.name,
    HOLDFAST_PROXY_ENVIRONMENT: 'edge',
    HOLDFAST_PROXY_CONFIG_KEYS: join(folder, 'config-keys.pem'),
    HOLDFAST_NODE_ADDRESS: proxy.address,
    HOLDFAST_AGENT_STATE: join(folder, 'agent'),
    HOLDFAST_AGENT_LOG_PORT: String(proxy.logPort),
    HOLDFAST_AGENT_WINDOW: '1s',
    HOLDFAST_HAPROXY_BIN: haproxy,
    HOLDFAST_HAPROXY_CONFIG: join(folder, 'base.cfg'),
    HOLDFAST_HAPROXY_OUTPUT: join(folder, 'haproxy.cfg'),
    HOLDFAST_HAPROXY_SOCKET: join(folder, 'admin.sock'),
    HOLDFAST_HAPROXY_MASTER_SOCKET: join(folder, 'master.sock'),
  };
}

function folderOf({ home }: Pick<EdgePlace, 'home'>, { name }: EdgeProxy): string {
  return join(home, name);
}

function operatorsFile({ ports }: EdgePlace, { name, address }: EdgeProxy, socket: string): string {
  return `# What the operator of ${name} wrote, until the first configuration comes.
global
    stats socket ${socket} mode 600 level admin

defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    timeout http-request 10s
    option idle-close-on-response

frontend web
    bind ${address}:${ports.edge}
    default_backend pages

backend pages
    server p1 127.0.0.1:${ports.pages}
`;
}
