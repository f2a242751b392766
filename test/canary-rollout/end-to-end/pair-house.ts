import { Connection } from '@temporalio/client';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ulid } from 'ulid';
import { inject } from 'vitest';
import { askApi } from '../../../bench/ask-api.ts';
import { fleetProcesses } from '../../../bench/fleet/processes.ts';
import { startRealProxy, type RealProxy } from '../../../bench/fleet/real-proxy.ts';
import { startLoad, type Load } from '../../../bench/load.ts';
import { adminKey } from '../../../bench/processes.ts';
import type { CanaryRollout, StartCanaryRollout } from '../../../contracts/canary-rollout.ts';
import type { ConfigDocument } from '../../../contracts/config-document.ts';
import type { ConfigRevisionDetail } from '../../../contracts/config-revision.ts';
import type { ConfigRollout } from '../../../contracts/config-rollout.ts';
import type { OperationEvent } from '../../../contracts/operation.ts';
import { connectUnwalled } from '../../../db/connect.ts';
import { freePort } from '../../../infra/net/ports.ts';
import { workflowBundle } from '../../../workers/bundle.ts';
import { commandOf, plan } from '../../crash/stories.ts';
import { instanceProcesses } from '../../support/effects.ts';
import { testDatabase } from '../../support/postgres.ts';
import { makeNamespace } from '../../support/rollout-house/namespace.ts';

/** A platform of processes, and one real HAProxy whose agent takes configurations and weights. */
export interface PairHouse {
  readonly proxy: RealProxy;
  readonly port: number;
  /** Somebody else on the node listens there. */
  readonly taken: number;
  readonly load: Load;
  ask<T>(method: 'GET' | 'POST' | 'PUT', route: string, body?: unknown): Promise<T>;
  /** Makes a document the head; `text` is what /text answers under it. */
  write(text: string, change?: (document: ConfigDocument) => ConfigDocument): Promise<string>;
  /** Starts a rollout of the service `shop` and waits for its end. */
  run(asked: Omit<StartCanaryRollout, 'service'>): Promise<CanaryRollout>;
  /** Waits for the end of what was started already. */
  ended(id: string): Promise<CanaryRollout>;
  events(id: string): Promise<OperationEvent[]>;
  close(): Promise<void>;
}

export const environment = 'production';

export async function openPairHouse(): Promise<PairHouse> {
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closers.reverse()) await end();
  };
  try {
    return { ...(await open(closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(closers: (() => unknown)[]): Promise<Omit<PairHouse, 'close'>> {
  const access = await startPlatform(closers);
  const ask: PairHouse['ask'] = (method, route, body) => askApi(access, { method, route, body });
  await ask('PUT', `/environments/${environment}`, {});
  const address = '127.88.0.1';
  const [port, taken] = [await freePort(), await freePort()];
  const holder = await hold(address, taken);
  closers.push(() => holder.close());
  const proxy = await startRealProxy({ api: access, environment, address, proxy: 'edge' });
  closers.push(() => proxy.close());

  let head: string | null = null;
  const write: PairHouse['write'] = async (text, change = (document) => document) => {
    const condition: Record<string, string> =
      head === null ? { 'if-none-match': '*' } : { 'if-match': `"${head}"` };
    head = (
      await askApi<ConfigRevisionDetail>(access, {
        ...{ method: 'PUT', route: `/environments/${environment}/config`, headers: condition },
        body: { document: change(documentOf(port, text)), reason: text },
      })
    ).revision;
    return head;
  };
  await write('first');
  await bringFirst(ask);
  const ended = (id: string) => untilClosed(() => ask<CanaryRollout>('GET', `/canary-rollouts/${id}`));
  const run: PairHouse['run'] = async (asked) =>
    ended((await ask<CanaryRollout>('POST', '/canary-rollouts', { service: 'shop', ...asked })).id);
  await ask('PUT', '/services/shop', {
    name: 'shop',
    start: { runtime: 'process', command: commandOf(0) },
    traffic: { provider: 'haproxy', proxy: 'edge', backend: 'shop' },
    plan: { ...plan, steps: [{ weight: 20, soak: '2s' }, { weight: 100 }], warmWindow: '10m' },
  });
  const { state } = await run({ version: 'v1' });
  if (state.outcome !== 'promoted')
    throw new Error(`the first release ended ${state.outcome}: ${state.reason}`);
  const load = startLoad({ url: `http://${address}:${port}/`, ratePerSecond: 60, maxSeconds: 3600 });
  closers.push(() => load.stop());
  return {
    ...{ proxy, port, taken, load, ask, write, run, ended },
    async events(id) {
      return (await ask<{ items: OperationEvent[] }>('GET', `/operations/${id}/events?limit=200`)).items;
    },
  };
}

async function startPlatform(closers: (() => unknown)[]): Promise<{ base: string; key: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-pair-'));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  closers.push(() => endInstances(folder));
  const database = await testDatabase();
  closers.push(() => database.close());
  const db = connectUnwalled(database.url);
  closers.push(() => db.destroy());
  const shared = path.join(tmpdir(), `holdfast-test-bundle-${process.getuid?.() ?? 0}`);
  await workflowBundle(shared);
  await symlink(shared, path.join(folder, 'build'));
  const { address } = inject('temporal');
  const connection = await Connection.connect({ address });
  closers.push(() => connection.close());
  const namespace = `pair-${ulid().toLowerCase()}`;
  await makeNamespace(connection, namespace);
  const place = { folder, databaseUrl: database.url, temporal: { address, namespace } };
  const { api, worker, base } = await fleetProcesses(place);
  closers.push(() => Promise.all([api.stop(), worker.stop()]));
  await Promise.all([api.start(), worker.start()]);
  return { base, key: await adminKey(db) };
}

/** Instances outlive their worker on purpose, so the test that started them ends them. */
function endInstances(home: string): void {
  for (const { pid } of instanceProcesses(home)) process.kill(pid, 'SIGKILL');
}

function hold(address: string, port: number): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, address, () => resolve(server));
  });
}

async function bringFirst(ask: PairHouse['ask']): Promise<void> {
  const body = { environment, reason: 'the first', plan: { waves: [], rest: { bake: '0' } } };
  const { id } = await ask<ConfigRollout>('POST', '/config-rollouts', body);
  const { state } = await untilClosed(() => ask<ConfigRollout>('GET', `/config-rollouts/${id}`));
  if (state.outcome !== 'completed') throw new Error(`the first configuration: ${state.reason}`);
}

async function untilClosed<T extends { status: string; state: object }>(look: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + 90_000;
  for (;;) {
    const seen = await look();
    if (seen.status === 'closed') return seen;
    if (performance.now() > deadline) throw new Error(`it does not end: ${JSON.stringify(seen.state)}`);
    await delay(200);
  }
}

function documentOf(port: number, text: string): ConfigDocument {
  return {
    schemaVersion: 1,
    defaults: {
      timeouts: { connect: '1s', client: '10s', server: '3s', httpRequest: '5s', queue: '1s' },
      hardStopAfter: '10s',
    },
    frontends: [
      {
        name: 'web',
        binds: [{ address: 'node', port }],
        routes: [{ name: 'text', match: { paths: ['/text'] }, answer: { status: 200, body: text } }],
        defaultBackend: 'shop',
      },
    ],
    backends: [{ name: 'shop', steered: true }],
  };
}
