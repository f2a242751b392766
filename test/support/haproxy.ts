import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { socketAt } from '../../proxy-agent/socket.ts';

export interface TestProxy {
  readonly name: string;
  /** Where each backend's frontend listens: `http://127.0.0.1:PORT`, by backend. */
  readonly frontends: Readonly<Record<string, string>>;
  /** The environment of the agent, for its verbs too. */
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly socket: string;
  readonly config: string;
  readonly baseConfig: string;
  /** What `baseConfig` held at the start. */
  readonly operatorsBase: string;
  /** Process id of HAProxy's master. */
  masterPid(): number;
  agentPid(): number;
  /** What the agent has logged so far. */
  agentLog(): string;
  startAgent(apiUrl?: string): Promise<void>;
  killAgent(signal?: NodeJS.Signals): Promise<void>;
  startHaproxy(): Promise<void>;
  killHaproxy(signal?: NodeJS.Signals): Promise<void>;
  /** Runs a verb of the agent; answers how it ended. */
  verb(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  ask(command: string): Promise<string>;
  stop(): Promise<void>;
}

interface Options {
  /** Each has a frontend of its own; `roundrobin` unless it says otherwise. */
  readonly backends: readonly (string | { readonly name: string; readonly balance: string })[];
  /** Left out: no agent is started. */
  readonly apiUrl?: string;
  /** The key with which the agent asks the API. */
  readonly key?: string;
  readonly proxy?: string;
  /** Settings of the agent besides. */
  readonly env?: Readonly<Record<string, string>>;
}

const main = resolve(import.meta.dirname, '../../proxy-agent/main.ts');

/** A real HAProxy with its agent, in a folder and on ports of their own; `stop` leaves nothing. */
export async function startHaproxy({
  backends,
  apiUrl,
  key = '',
  proxy = 'local',
  env: more = {},
}: Options): Promise<TestProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-haproxy-'));
  const at = (name: string): string => join(folder, name);
  const named = backends.map((entry) =>
    typeof entry === 'string' ? { name: entry, balance: 'roundrobin' } : entry,
  );
  const ports = await Promise.all(named.map(freePort));
  await writeFile(at('key'), key, { mode: 0o600 });
  const operatorsBase = baseConfiguration(at('admin.sock'), named, ports);
  await writeFile(at('base.cfg'), operatorsBase);
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    HOLDFAST_API_URL: apiUrl ?? 'http://127.0.0.1:9',
    HOLDFAST_PROXY: proxy,
    HOLDFAST_API_KEY_FILE: at('key'),
    HOLDFAST_HAPROXY_CONFIG: at('base.cfg'),
    HOLDFAST_HAPROXY_OUTPUT: at('haproxy.cfg'),
    HOLDFAST_HAPROXY_SOCKET: at('admin.sock'),
    HOLDFAST_HAPROXY_MASTER_SOCKET: at('master.sock'),
    HOLDFAST_AGENT_STATE: at('agent'),
    HOLDFAST_PROXY_CONFIG_KEYS: at('config-keys.pem'),
    HOLDFAST_AGENT_LOG_PORT: String(await freeUdpPort()),
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? at('compiled'),
    ...more,
  };
  let haproxy: ChildProcess | null = null;
  let agent: ChildProcess | null = null;
  let log = '';
  const ask = (command: string): Promise<string> => socketAt(at('admin.sock'))(command);

  const started: TestProxy = {
    name: proxy,
    frontends: Object.fromEntries(named.map(({ name }, index) => [name, `http://127.0.0.1:${ports[index]}`])),
    env,
    folder,
    socket: at('admin.sock'),
    config: at('haproxy.cfg'),
    baseConfig: at('base.cfg'),
    operatorsBase,
    masterPid: () => pidOf(haproxy),
    agentPid: () => pidOf(agent),
    agentLog: () => log,
    async startAgent(url) {
      const child = spawn(process.execPath, [main, 'run'], {
        env: { ...env, HOLDFAST_API_URL: url ?? env.HOLDFAST_API_URL },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      agent = child;
      const before = log.length;
      child.stderr.on('data', (part: Buffer) => (log += part.toString()));
      await until('the agent says that it started', () => {
        if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}: ${log}`);
        return log.slice(before).includes('"started"');
      });
    },
    async killAgent(signal = 'SIGKILL') {
      await end(agent, signal);
      agent = null;
    },
    async startHaproxy() {
      const child = spawn('haproxy', ['-W', '-S', at('master.sock'), '-f', at('haproxy.cfg')], {
        stdio: 'ignore',
      });
      child.once('error', () => undefined);
      haproxy = child;
      await until('HAProxy answers on its socket', async () => {
        if (child.pid === undefined) throw new Error('there is no haproxy on PATH: apt-get install haproxy');
        return (await ask('show info').catch(() => '')).includes('Pid:');
      });
    },
    async killHaproxy(signal = 'SIGTERM') {
      await end(haproxy, signal);
      haproxy = null;
    },
    verb: (...args) => runVerb(env, args),
    ask,
    async stop() {
      await end(agent, 'SIGKILL');
      await end(haproxy, 'SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    const rendered = await started.verb('render');
    if (rendered.code !== 0) throw new Error(`render failed: ${rendered.stderr}`);
    await started.startHaproxy();
    if (apiUrl !== undefined) await started.startAgent();
    return started;
  } catch (error) {
    await started.stop();
    throw error;
  }
}

/** Waits until `holds` answers true; throws what was waited for after `timeoutMs`. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await sleep(20);
  }
}

function baseConfiguration(
  socket: string,
  backends: readonly { name: string; balance: string }[],
  ports: readonly number[],
): string {
  const sections = backends.map(
    ({ name, balance }, index) => `
frontend ${name}-front
    bind 127.0.0.1:${ports[index]}
    default_backend ${name}

backend ${name}
    balance ${balance}
`,
  );
  return `global
    stats socket ${socket} mode 600 level admin
    hard-stop-after 5s

defaults
    mode http
    timeout connect 1s
    timeout client 10s
    timeout server 10s
    timeout http-keep-alive 5s
    option idle-close-on-response
${sections.join('')}`;
}

function runVerb(
  env: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

async function end(child: ChildProcess | null, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  // A stopped process acts on nothing but SIGKILL and SIGCONT.
  child.kill('SIGCONT');
  await gone;
}

function pidOf(child: ChildProcess | null): number {
  if (child?.pid === undefined) throw new Error('it does not run');
  return child.pid;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}
