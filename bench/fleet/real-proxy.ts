import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Static } from 'typebox';
import type { ProxyEnrollment } from '../../contracts/proxy-enrollment.ts';
import { freeUdpPort } from '../../infra/net/ports.ts';
import { askProof } from '../../proxy-agent/config-bundle/proof.ts';
import { socketAt } from '../../proxy-agent/socket.ts';
import { askApi, type ApiAccess } from '../ask-api.ts';

export interface ProxyFiles {
  /** What the operator wrote: HAProxy runs it until a first order comes. */
  readonly base: string;
  /** What HAProxy runs, written by the agent. */
  readonly config: string;
  readonly socket: string;
  readonly masterSocket: string;
  readonly state: string;
  readonly key: string;
  readonly configKeys: string;
}

export interface FrontendAnswer {
  readonly status: number;
  readonly body: string;
}

/** A real HAProxy in master-worker mode with its real agent beside it; `close` leaves nothing. */
export interface RealProxy {
  readonly name: string;
  /** Of the loopback; what a document binds to the address `node` listens here. */
  readonly address: string;
  readonly folder: string;
  readonly files: ProxyFiles;
  /** Of the agent, for its verbs too. */
  readonly env: Readonly<Record<string, string>>;
  agentPid(): number;
  /** Of HAProxy's master. */
  masterPid(): number;
  /** What the agent has logged so far. */
  agentLog(): string;
  startAgent(apiUrl?: string): Promise<void>;
  killAgent(signal?: NodeJS.Signals): Promise<void>;
  startHaproxy(): Promise<void>;
  killHaproxy(signal?: NodeJS.Signals): Promise<void>;
  /** Runs a verb of the agent; answers how it ended. */
  verb(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  /** A command to the runtime socket. */
  command(text: string): Promise<string>;
  /** What traffic gets from a frontend on this port; null when nobody answers. */
  ask(port: number, target?: string, host?: string): Promise<FrontendAnswer | null>;
  /** The hash that the proof socket serves; null: none, as before the first order. */
  servedHash(): Promise<string | null>;
  close(): Promise<void>;
}

export interface RealProxyOptions {
  readonly api: ApiAccess;
  readonly proxy: string;
  readonly environment: string;
  readonly region?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** 127.0.0.x of its own, so that several proxies share a port. */
  readonly address: string;
  readonly env?: Readonly<Record<string, string>>;
  /** false: enrolled, HAProxy runs, and nobody looks after it yet. */
  readonly isAgentStarted?: boolean;
}

const agentProgram = path.resolve(import.meta.dirname, '../../proxy-agent/main.ts');

/** Enrols a proxy as its operator does, and starts its HAProxy and agent. */
export async function startRealProxy(options: RealProxyOptions): Promise<RealProxy> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-proxy-'));
  const at = (name: string): string => path.join(folder, name);
  const files: ProxyFiles = {
    ...{ base: at('base.cfg'), config: at('haproxy.cfg'), socket: at('admin.sock') },
    ...{ masterSocket: at('master.sock'), state: at('agent'), key: at('key'), configKeys: at('keys.pem') },
  };
  await writeFile(files.base, operatorsConfiguration(files.socket, at('operator.sock')));
  const proxy = assemble(options, { folder, files, env: await environmentOf(options, folder, files) });
  try {
    await invite(options, at('token'));
    await runFirst(proxy, 'enroll', '--token-file', at('token'));
    await runFirst(proxy, 'render');
    await proxy.startHaproxy();
    if (options.isAgentStarted !== false) await proxy.startAgent();
    return proxy;
  } catch (error) {
    await proxy.close();
    throw error;
  }
}

/** A token as an admin makes one, into a file that the agent trades for its key. */
async function invite(options: RealProxyOptions, tokenFile: string): Promise<void> {
  const { api, proxy, environment, region, labels, address } = options;
  const body = { proxy, environment, region, labels, address };
  const { token } = await askApi<Static<typeof ProxyEnrollment>>(api, {
    ...{ method: 'POST', route: '/enrollments', body },
  });
  await writeFile(tokenFile, token, { mode: 0o600 });
}

async function runFirst(proxy: RealProxy, ...args: string[]): Promise<void> {
  const { code, stderr } = await proxy.verb(...args);
  if (code !== 0) throw new Error(`${args[0]} failed for ${proxy.name}: ${stderr}`);
}

async function environmentOf(
  { api, proxy, environment, address, env = {} }: RealProxyOptions,
  folder: string,
  files: ProxyFiles,
): Promise<Readonly<Record<string, string>>> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    HOLDFAST_API_URL: api.base,
    HOLDFAST_PROXY: proxy,
    HOLDFAST_PROXY_ENVIRONMENT: environment,
    HOLDFAST_NODE_ADDRESS: address,
    HOLDFAST_API_KEY_FILE: files.key,
    HOLDFAST_HAPROXY_CONFIG: files.base,
    HOLDFAST_HAPROXY_OUTPUT: files.config,
    HOLDFAST_HAPROXY_SOCKET: files.socket,
    HOLDFAST_HAPROXY_MASTER_SOCKET: files.masterSocket,
    HOLDFAST_AGENT_STATE: files.state,
    HOLDFAST_PROXY_CONFIG_KEYS: files.configKeys,
    HOLDFAST_AGENT_LOG_PORT: String(await freeUdpPort()),
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? path.join(folder, 'compiled'),
    ...env,
  };
}

interface Parts {
  readonly folder: string;
  readonly files: ProxyFiles;
  readonly env: Readonly<Record<string, string>>;
}

function assemble({ proxy, address }: RealProxyOptions, { folder, files, env }: Parts): RealProxy {
  const proofSocket = path.join(folder, 'holdfast-proof.sock');
  const command = (text: string): Promise<string> => socketAt(files.socket)(text);
  let haproxy: ChildProcess | null = null;
  let agent: ChildProcess | null = null;
  let log = '';
  return {
    ...{ name: proxy, address, folder, files, env, command },
    agentPid: () => pidOf(agent),
    masterPid: () => pidOf(haproxy),
    agentLog: () => log,
    async startAgent(apiUrl) {
      const child = spawn(process.execPath, [agentProgram, 'run'], {
        env: apiUrl === undefined ? env : { ...env, HOLDFAST_API_URL: apiUrl },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      agent = child;
      const before = log.length;
      child.stderr.on('data', (part: Buffer) => (log += part.toString()));
      await until(`the agent of ${proxy} starts`, () => {
        if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}: ${log}`);
        return log.slice(before).includes('"started"');
      });
    },
    async killAgent(signal = 'SIGKILL') {
      await end(agent, signal);
      agent = null;
    },
    async startHaproxy() {
      const child = spawn('haproxy', ['-W', '-S', files.masterSocket, '-f', files.config], {
        stdio: 'ignore',
      });
      child.once('error', () => undefined);
      haproxy = child;
      await until(`HAProxy of ${proxy} answers`, async () => {
        if (child.pid === undefined) throw new Error('there is no haproxy on PATH: apt-get install haproxy');
        return (await command('show info').catch(() => '')).includes('Pid:');
      });
    },
    async killHaproxy(signal = 'SIGTERM') {
      await end(haproxy, signal);
      haproxy = null;
    },
    verb: (...args) => runVerb(env, args),
    ask: (port, target = '/', host) => ask({ address, port, target, host: host ?? address }),
    servedHash: () => askProof(proofSocket),
    async close() {
      await end(agent, 'SIGKILL');
      await end(haproxy, 'SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** HAProxy starts only with something to listen on; this is nobody's way. */
function operatorsConfiguration(socket: string, own: string): string {
  return `global
    stats socket ${socket} mode 600 level admin
    hard-stop-after 10s

defaults
    mode http
    timeout connect 1s
    timeout client 10s
    timeout server 10s
    option idle-close-on-response

frontend operator
    bind unix@${own}
    http-request return status 200 content-type text/plain string "the operator's own"
`;
}

function ask({
  address,
  port,
  target,
  host,
}: {
  readonly address: string;
  readonly port: number;
  readonly target: string;
  readonly host: string;
}): Promise<FrontendAnswer | null> {
  return new Promise((resolve) => {
    const options = { host: address, port, path: target, agent: false, timeout: 2000, headers: { host } };
    const sent = request(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.once('error', () => resolve(null));
    });
    sent.once('timeout', () => sent.destroy());
    sent.once('close', () => resolve(null));
    sent.once('error', () => resolve(null));
    sent.end();
  });
}

function runVerb(
  env: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [agentProgram, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited 20 s in vain: ${what}`);
    await delay(20);
  }
}

async function end(child: ChildProcess | null, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  // A stopped process acts on nothing but SIGKILL and SIGCONT.
  child.kill('SIGCONT');
  await gone;
}

function pidOf(child: ChildProcess | null): number {
  if (child?.pid === undefined) throw new Error('it does not run');
  return child.pid;
}
