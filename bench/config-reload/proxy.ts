import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSigner } from '../../api/signer.ts';
import type { ConfigBundle } from '../../contracts/config-bundle.ts';
import { signBundle } from '../../domain/config-bundle/bundle-text.ts';
import { sha256Hex } from '../../proxy-agent/config-bundle/sha256-hex.ts';
import { socketAt } from '../../proxy-agent/socket.ts';
import { startSimulatedControlPlane, type SimulatedControlPlane } from './control-plane.ts';

/** A real HAProxy whose frontend answers a text that its configuration holds. */
export interface BenchProxy {
  readonly port: number;
  readonly plane: SimulatedControlPlane;
  /** The next signed bundle; its frontend answers `text`. */
  bundle(text: string): ConfigBundle;
  /** What the frontend answers now. */
  answer(): Promise<string>;
  /** Without an agent: writes the file and sends the signal, as scripts do. */
  reloadNaively(text: string): void;
  close(): Promise<void>;
}

interface Options {
  readonly isAgentStarted: boolean;
  /** Lines of `defaults`. */
  readonly options: readonly string[];
}

const agentProgram = join(import.meta.dirname, '../../proxy-agent/main.ts');

export async function startProxy({ isAgentStarted, options }: Options): Promise<BenchProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const at = (name: string): string => join(folder, name);
  const plane = await startSimulatedControlPlane();
  const [port, logPort] = [await freePort(), await freePort()];
  const content = (text: string): string => configuration({ socket: at('admin.sock'), port, options, text });
  for (const name of ['base.cfg', 'haproxy.cfg']) writeFileSync(at(name), content('at first'));
  const signer = createSigner(at);
  const haproxy = spawn('haproxy', ['-W', '-S', at('master.sock'), '-f', at('haproxy.cfg')], {
    stdio: 'ignore',
  });
  await until(async () => (await socketAt(at('admin.sock'))('show info').catch(() => '')) !== '');
  const env = {
    ...{ PATH: process.env.PATH, HOME: folder, HOLDFAST_API_URL: plane.url },
    HOLDFAST_HAPROXY_CONFIG: at('base.cfg'),
    HOLDFAST_HAPROXY_OUTPUT: at('haproxy.cfg'),
    HOLDFAST_HAPROXY_SOCKET: at('admin.sock'),
    HOLDFAST_HAPROXY_MASTER_SOCKET: at('master.sock'),
    HOLDFAST_AGENT_STATE: at('agent'),
    HOLDFAST_AGENT_LOG_PORT: String(logPort),
    HOLDFAST_PROXY_CONFIG_KEYS: at('keys.pem'),
    HOLDFAST_API_KEY_FILE: at('none'),
  };
  const agent = isAgentStarted
    ? spawn(process.execPath, [agentProgram, 'run'], { env, stdio: 'ignore' })
    : null;
  let sequence = 0;
  return {
    port,
    plane,
    bundle(text) {
      sequence += 1;
      const file = { path: 'base.cfg', content: content(text), sha256: sha256Hex(content(text)) };
      return signBundle(sha256Hex, signer, {
        ...{ project: 'default', environment: 'production', proxy: null, order: 'apply', sequence },
        revision: file.sha256,
        notBefore: new Date(Date.now() - 60_000).toISOString(),
        expiresAt: new Date(Date.now() + 3600_000).toISOString(),
        files: [file],
      });
    },
    async answer() {
      const answer = await fetch(`http://127.0.0.1:${port}`, { headers: { connection: 'close' } });
      return answer.text();
    },
    reloadNaively(text) {
      writeFileSync(at('haproxy.cfg'), content(text));
      haproxy.kill('SIGUSR2');
    },
    async close() {
      await Promise.all([end(agent), end(haproxy), plane.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits as long as it takes, looking every 5 ms. */
export async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`nothing came about in ${timeoutMs} ms`);
    await sleep(5);
  }
}

function createSigner(at: (name: string) => string): ReturnType<typeof openSigner> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(at('key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(at('keys.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  return openSigner(at('key.pem'));
}

function configuration(facts: {
  readonly socket: string;
  readonly port: number;
  readonly options: readonly string[];
  readonly text: string;
}): string {
  return `global
    stats socket ${facts.socket} mode 600 level admin
    hard-stop-after 10s

defaults
    mode http
    timeout connect 1s
    timeout client 10s
    timeout server 10s
${facts.options.map((line) => `    ${line}\n`).join('')}
frontend web
    bind 127.0.0.1:${facts.port}
    http-request return status 200 content-type text/plain string "${facts.text}"
`;
}

async function end(child: ChildProcess | null): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
