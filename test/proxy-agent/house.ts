import Fastify from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { AddressInfo } from 'node:net';
import type { DesiredServer } from '../../contracts/proxy.ts';
import type { App } from '../../api/dependencies.ts';
import { proxyRoutes } from '../../api/proxy.ts';
import { sharedSchemas } from '../../api/schemas.ts';
import { buildValidator } from '../../api/validation.ts';
import { connect, connectUnwalled, type Db } from '../../db/connect.ts';
import { createDesiredStateStore } from '../../db/desired-state-store.ts';
import { createNotifications } from '../../db/notifications.ts';
import { createHaproxyTraffic } from '../../providers/traffic/haproxy.ts';
import type { Split, Traffic, TrafficTarget } from '../../providers/traffic/traffic.ts';
import { startHaproxy, until, type TestProxy } from '../support/haproxy.ts';
import { testDatabase } from '../support/postgres.ts';
import { startServer, type TestServer } from './web.ts';

/** Postgres, the API's routes of proxies, a real agent beside a real HAProxy, and two versions of a service. */
export interface House {
  readonly db: Db;
  readonly proxy: TestProxy;
  readonly traffic: Traffic;
  readonly target: TrafficTarget;
  readonly url: string;
  readonly v1: TestServer;
  readonly v2: TestServer;
  split(canaryWeight: number, leaseMs?: number): Split;
  stopApi(): Promise<void>;
  startApi(): Promise<void>;
  /** Weights that HAProxy reads back, by server. */
  weights(): Promise<Record<string, number>>;
  close(): Promise<void>;
}

export async function buildHouse(
  backends: Parameters<typeof startHaproxy>[0]['backends'] = ['shop'],
): Promise<House> {
  const database = await testDatabase();
  const db = connectUnwalled(database.url);
  const served = connect(database.url);
  const api = await createApi(served, database.url);
  await api.start();
  const [v1, v2] = await Promise.all([startServer('v1'), startServer('v2')]);
  const proxy = await startHaproxy({ backends, apiUrl: api.url() });
  const traffic = createHaproxyTraffic(createDesiredStateStore(db));
  const target = { project: 'default', service: 'shop', proxy: proxy.name, backend: 'shop' };
  await until(
    'the agent is heard',
    async () => ((await traffic.read(target)).agentSilentMs ?? Infinity) < 2000,
  );
  return {
    db,
    proxy,
    traffic,
    target,
    url: proxy.frontends.shop ?? '',
    v1,
    v2,
    split: (canaryWeight, leaseMs = 15_000) => splitOf(v1, v2, canaryWeight, leaseMs),
    stopApi: api.stop,
    startApi: api.start,
    weights: () => weightsOf(proxy),
    async close() {
      await proxy.stop();
      await Promise.all([v1.close(), v2.close(), api.stop()]);
      await Promise.all([db.destroy(), served.destroy()]);
      await database.close();
    },
  };
}

/** Everything on v1, the state before a rollout. */
export function stableOnly(v1: TestServer): Split {
  return { servers: [serverOf(v1, 100)], stable: 'v1', canary: null, leaseMs: null };
}

function splitOf(v1: TestServer, v2: TestServer, canaryWeight: number, leaseMs: number): Split {
  const servers = [serverOf(v1, 100 - canaryWeight), serverOf(v2, canaryWeight)];
  return { servers, stable: 'v1', canary: 'v2', leaseMs };
}

function serverOf(server: TestServer, weight: number): DesiredServer {
  const { version, address } = server;
  return { name: `${version}-0`, version, address, weight, healthPath: '/' };
}

export async function weightsOf(proxy: TestProxy, backend = 'shop'): Promise<Record<string, number>> {
  const text = await proxy.ask(`show servers state ${backend}`);
  const rows = text.split('\n').filter((line) => /^\d+ \S/.test(line));
  return Object.fromEntries(
    rows.map((row) => {
      const columns = row.split(' ');
      // Bits 0x01 and 0x04: in maintenance, where a weight means nothing.
      const isOff = (Number(columns[6]) & 5) !== 0;
      return [columns[3] ?? '', isOff ? 0 : Number(columns[7])];
    }),
  );
}

async function createApi(db: Db, databaseUrl: string) {
  let app: App | null = null;
  let port = 0;
  let closeNotifications: () => Promise<void> = () => Promise.resolve();
  return {
    url: () => `http://127.0.0.1:${port}`,
    async start() {
      const notifications = createNotifications(databaseUrl);
      closeNotifications = () => notifications.close();
      const fresh: App = Fastify({
        schemaController: { compilersFactory: { buildValidator } },
        forceCloseConnections: true,
      }).withTypeProvider<TypeBoxTypeProvider>();
      for (const schema of sharedSchemas) fresh.addSchema(schema);
      proxyRoutes(fresh, { db, notifications });
      await fresh.listen({ port, host: '127.0.0.1' });
      port = (fresh.server.address() as AddressInfo).port;
      app = fresh;
    },
    async stop() {
      await app?.close();
      app = null;
      await closeNotifications();
    },
  };
}
