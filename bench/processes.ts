import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ulid } from 'ulid';
import { ensureInstallationKey } from '../db/access/first-keys.ts';
import { newSecret } from '../db/access/secret.ts';
import type { Db } from '../db/connect.ts';
import { freePort } from '../infra/net/ports.ts';

const root = path.resolve(import.meta.dirname, '..');

export interface Place {
  readonly folder: string;
  readonly databaseUrl: string;
  readonly temporal: { readonly address: string; readonly namespace: string };
}

/** A process that can be killed and started again, on the same ports. */
export interface Killable {
  readonly pid: number;
  /** It ended, and nobody has killed it. */
  hasDied(): boolean;
  start(): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface PlatformProcesses {
  readonly api: Killable;
  readonly worker: Killable;
  readonly base: string;
}

interface Extra {
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node for the API, such as --cpu-prof. */
  readonly apiOptions?: readonly string[];
}

/** API and worker as processes of their own, on a database and a Temporal that are there. */
export async function platformProcesses(
  place: Place,
  { env: extra = {}, apiOptions = [] }: Extra = {},
): Promise<PlatformProcesses> {
  const [apiPort, metricsPort, sdkPort] = [await freePort(), await freePort(), await freePort()];
  const env = {
    ...process.env,
    HOLDFAST_HOME: place.folder,
    DATABASE_URL: place.databaseUrl,
    TEMPORAL_ADDRESS: place.temporal.address,
    TEMPORAL_NAMESPACE: place.temporal.namespace,
    HOLDFAST_API_PORT: String(apiPort),
    HOLDFAST_METRICS_PORT: String(metricsPort),
    HOLDFAST_SDK_METRICS_PORT: String(sdkPort),
    LOG_LEVEL: 'fatal',
    ...extra,
  };
  const base = `http://127.0.0.1:${apiPort}`;
  return {
    base,
    api: killable([...apiOptions, path.join(root, 'api/server.ts')], env, `${base}/livez`),
    worker: killable([path.join(root, 'workers/main.ts')], env, `http://127.0.0.1:${metricsPort}/readyz`),
  };
}

function killable(args: readonly string[], env: NodeJS.ProcessEnv, health: string): Killable {
  let child: ChildProcess | null = null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const dying = child;
    child = null;
    if (dying === null || dying.exitCode !== null || dying.signalCode !== null) return;
    const gone = once(dying, 'exit');
    dying.kill(signal);
    await gone;
  };
  return {
    hasDied: () => child !== null && (child.exitCode !== null || child.signalCode !== null),
    get pid() {
      return child?.pid ?? 0;
    },
    async start() {
      for (let tries = 0; ; tries += 1) {
        child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'], env });
        if (await isHealthy(health, child)) return;
        await end('SIGKILL');
        if (tries >= 20) throw new Error(`${args.at(-1)} did not come up`);
        await delay(200);
      }
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

async function isHealthy(url: string, child: ChildProcess): Promise<boolean> {
  const until = Date.now() + 60_000;
  while (Date.now() < until && child.exitCode === null && child.signalCode === null) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok === true) return true;
    await delay(50);
  }
  return false;
}

/** A key of an admin of the installation. */
export async function adminKey(db: Db): Promise<string> {
  const secret = newSecret();
  const owner = { principal: 'bench', kind: 'person' as const, role: 'admin' as const, scopes: null };
  await ensureInstallationKey(db, { id: ulid(), secret, name: 'bench', ...owner });
  return secret;
}
