import { Client, Connection } from '@temporalio/client';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ulid } from 'ulid';
import { askApi, type ApiAccess } from '../../../bench/ask-api.ts';
import { fleetProcesses } from '../../../bench/fleet/processes.ts';
import { startRealProxy, type RealProxy } from '../../../bench/fleet/real-proxy.ts';
import { adminKey, platformProcesses, type Killable } from '../../../bench/processes.ts';
import { connectUnwalled, type Db } from '../../../db/connect.ts';
import { migrateToLatest } from '../../../db/migrate.ts';
import { freePort } from '../../../infra/net/ports.ts';
import { startPostgres, type RunningPostgres } from '../../../infra/postgres/server.ts';
import { markOf } from '../../../infra/process/proc.ts';
import { startCrashWorker, type CrashWorker } from '../../support/crash-worker.ts';
import type { Fate } from '../../support/lane-points.ts';
import { workflowBundle } from '../../../workers/bundle.ts';
import { makeNamespace } from '../../support/rollout-house/namespace.ts';
import { startTcpSwitch, type TcpSwitch } from '../../support/tcp-switch.ts';

/** A whole installation of its own whose every process may be killed: PostgreSQL, API, worker, and HAProxies with their agents. */
export interface Installation {
  readonly folder: string;
  /** The owner's, on the PostgreSQL that comes and goes. */
  readonly db: Db;
  readonly client: Client;
  readonly access: ApiAccess;
  readonly api: Killable;
  readonly worker: Killable;
  readonly postgres: Killable;
  /** Between the API and Temporal. */
  readonly toTemporal: TcpSwitch;
  readonly environment: string;
  readonly proxies: readonly RealProxy[];
  /** What every document binds, on each proxy's own address. */
  readonly port: number;
  /** A worker that is killed at a point; `worker` has to be dead meanwhile. */
  startDoomedWorker(fate: Fate): Promise<CrashWorker>;
  /** Which effect kills the agent of a proxy while it applies its next order; null: none. */
  doomAgent(proxy: RealProxy, at: string | null): Promise<void>;
  fateFile(proxy: RealProxy): string;
  close(): Promise<void>;
}

interface Options {
  readonly temporal: { readonly address: string };
  /** The namespace is there already. */
  readonly namespace?: string;
  /** One proxy in each. */
  readonly regions: readonly string[];
  /** Distinguishes the loopback addresses of installations that live at the same time. */
  readonly number: number;
  /** Between each agent and the API, when given. */
  readonly apiOf?: (access: ApiAccess) => Promise<(region: string, index: number) => string>;
}

const agentFate = path.resolve(import.meta.dirname, '../../support/agent-fate.ts');

/** What was started is stopped by `close`, also after a failure on the way. */
export async function openInstallation(options: Options): Promise<Installation> {
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closers.reverse()) await end();
  };
  try {
    return { ...(await open(options, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  { temporal, namespace = `fleet-${ulid().toLowerCase()}`, regions, number, apiOf }: Options,
  closers: (() => unknown)[],
): Promise<Omit<Installation, 'close'>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-fleet-'));
  await chmod(folder, 0o711);
  closers.push(() => rm(folder, { recursive: true, force: true }));
  const connection = await Connection.connect({ address: temporal.address });
  closers.push(() => connection.close());
  await makeNamespace(connection, namespace);
  const { postgres, url } = await killablePostgres(path.join(folder, 'postgres'));
  closers.push(() => postgres.stop());
  const db = connectUnwalled(url);
  closers.push(() => db.destroy());
  await migrateToLatest(db);
  await lendBundle(folder);

  const toTemporal = await startTcpSwitch({ port: Number(temporal.address.split(':')[1]) });
  closers.push(() => toTemporal.close());
  const place = { folder, databaseUrl: url };
  const throughSwitch = { address: `127.0.0.1:${toTemporal.port}`, namespace };
  const { api, base } = await fleetProcesses({ ...place, temporal: throughSwitch });
  const { worker } = await platformProcesses({ ...place, temporal: { ...temporal, namespace } });
  closers.push(() => Promise.all([api.kill(), worker.kill()]));
  await Promise.all([api.start(), worker.start()]);

  const access = { base, key: await adminKey(db) };
  const environment = 'production';
  await askApi(access, { method: 'PUT', route: `/environments/${environment}`, body: {} });
  const port = await freePort();
  const fates = path.join(folder, 'fates');
  const apiUrlOf = (await apiOf?.(access)) ?? (() => base);
  const proxies = await Promise.all(
    regions.map((region, index) =>
      startRealProxy({
        ...{ api: access, environment, region, proxy: `${region}-${index}` },
        address: `127.0.${number + 1}.${index + 1}`,
        env: {
          HOLDFAST_API_URL: apiUrlOf(region, index),
          HOLDFAST_AGENT_WINDOW: '1s',
          NODE_OPTIONS: `--import=${agentFate}`,
          AGENT_FATE: `${fates}-${region}-${index}`,
        },
      }),
    ),
  );
  closers.push(() => Promise.all(proxies.map((proxy) => proxy.close())));
  const doomed = new Set<ChildProcess>();
  closers.push(() => Promise.all([...doomed].map(killChild)));
  const fateFile = (proxy: RealProxy): string => proxy.env['AGENT_FATE'] ?? '';

  return {
    ...{ folder, db, client: new Client({ connection, namespace }), access, api, worker, postgres },
    ...{ toTemporal, environment, proxies, port, fateFile },
    startDoomedWorker: (fate) =>
      startCrashWorker(
        {
          ...{ address: temporal.address, namespace, databaseUrl: url, home: folder, dockerHost: null, fate },
          bundle: path.join(tmpdir(), `holdfast-crash-bundle-${process.pid}.cjs`),
        },
        doomed,
      ),
    doomAgent: (proxy, at) =>
      at === null ? rm(fateFile(proxy), { force: true }) : writeFile(fateFile(proxy), at),
  };
}

/** Built once for all houses of the tests; a worker that is started again must not build it first. */
async function lendBundle(folder: string): Promise<void> {
  const shared = path.join(tmpdir(), `holdfast-test-bundle-${process.getuid?.() ?? 0}`);
  await workflowBundle(shared);
  await symlink(shared, path.join(folder, 'build'));
}

async function killablePostgres(folder: string): Promise<{ postgres: Killable; url: string }> {
  let running: RunningPostgres | null = await startPostgres(folder);
  const { url } = running;
  const postgres: Killable = {
    get pid() {
      return running?.pid ?? 0;
    },
    hasDied: () => running !== null && markOf(running.pid) === null,
    async start() {
      running ??= await startPostgres(folder);
    },
    async kill() {
      if (running === null) return;
      const { pid } = running;
      running = null;
      process.kill(pid, 'SIGKILL');
      while (markOf(pid) !== null) await delay(10);
    },
    async stop() {
      const stopping = running;
      running = null;
      await stopping?.stop();
    },
  };
  return { postgres, url };
}

async function killChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'close');
}
