import { Client, Connection } from '@temporalio/client';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startCrashWorker, type CrashWorker } from './crash-worker.ts';
import { instanceProcesses } from './effects.ts';
import type { Fate } from './lane-points.ts';
import { ulid } from 'ulid';
import { connect, connectUnwalled, type Db } from '../../db/connect.ts';
import { createNotifications } from '../../db/notifications.ts';
import { buildApp } from '../../api/app.ts';
import { startLoad, type Load } from '../../bench/load.ts';
import { keyOfPerson, keyOfProxy } from './access.ts';
import { startHaproxy, type TestProxy } from './haproxy.ts';
import { testDatabase } from './postgres.ts';
import { makeNamespace } from './rollout-house/namespace.ts';

export type { CrashWorker } from './crash-worker.ts';

/** One whole installation for crash tests: database, namespace, API, HAProxy with agent, load; the worker is a process to be killed. */
export interface Lane {
  readonly home: string;
  readonly db: Db;
  readonly client: Client;
  readonly proxy: TestProxy;
  readonly load: Load;
  /** Asks the API and answers the parsed body; throws on any status above 299. */
  api<T>(method: 'GET' | 'POST' | 'PUT', route: string, body?: unknown): Promise<T>;
  /** The same as somebody else, who may approve what `api` has started. */
  readonly reviewer: Lane['api'];
  startWorker(fate?: Fate): Promise<CrashWorker>;
  close(): Promise<void>;
}

export async function openLane({
  temporal,
  bundle,
  dockerHost = null,
}: {
  temporal: { address: string };
  bundle: string;
  /** The engine of services that are images. */
  dockerHost?: string | null;
}): Promise<Lane> {
  const home = await mkdtemp(path.join(tmpdir(), 'holdfast-crash-'));
  const closers: (() => unknown)[] = [
    () => rm(home, { recursive: true, force: true }),
    () => endInstances(home),
  ];
  const database = await testDatabase();
  closers.push(() => database.close());
  const db = connectUnwalled(database.url);
  const served = connect(database.url);
  closers.push(() => Promise.all([db.destroy(), served.destroy()]));
  const connection = await Connection.connect({ address: temporal.address });
  closers.push(() => connection.close());
  const namespace = `crash-${ulid().toLowerCase()}`;
  await makeNamespace(connection, namespace);
  const client = new Client({ connection, namespace });
  const notifications = createNotifications(database.url);
  closers.push(() => notifications.close());
  const app = await buildApp({ db: served, notifications, temporal: () => client, taskQueue: 'operations' });
  const apiUrl = await app.listen({ host: '127.0.0.1', port: 0 });
  closers.push(() => {
    app.server.closeAllConnections();
    return app.close();
  });
  const key = await keyOfPerson(db, 'ada');
  const reviewerKey = await keyOfPerson(db, 'bob', 'approver');
  const proxyKey = await keyOfProxy(db, 'local');
  const proxy = await startHaproxy({
    key: proxyKey,
    backends: ['web', { name: 'fixed', balance: 'static-rr' }],
    apiUrl,
  });
  closers.push(() => proxy.stop());
  const load = startLoad({ url: proxy.frontends['web'] ?? '', ratePerSecond: 60, maxSeconds: 3600 });
  closers.push(() => load.stop());
  const workers = new Set<ChildProcess>();
  closers.push(() => Promise.all([...workers].map(kill)));

  return {
    home,
    db,
    client,
    proxy,
    load,
    api: (method, route, body) => ask({ url: apiUrl, key }, method, route, body),
    reviewer: (method, route, body) => ask({ url: apiUrl, key: reviewerKey }, method, route, body),
    startWorker: (fate = { at: 0, signal: 'SIGKILL' }) =>
      startCrashWorker(
        { address: temporal.address, namespace, databaseUrl: database.url, home, bundle, dockerHost, fate },
        workers,
      ),
    async close() {
      for (const close of closers.reverse()) await close();
    },
  };
}

/** Instances outlive their worker on purpose, so the test that started them ends them. */
function endInstances(home: string): void {
  for (const { pid } of instanceProcesses(home)) process.kill(pid, 'SIGKILL');
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'close');
}

async function ask<T>(
  base: { url: string; key: string },
  method: string,
  route: string,
  body: unknown,
): Promise<T> {
  const response = await fetch(`${base.url}/v1/projects/default${route}`, {
    method,
    headers: {
      authorization: `Bearer ${base.key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'POST' ? { 'idempotency-key': crypto.randomUUID() } : {}),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}
