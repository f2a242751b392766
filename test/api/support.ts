import { Client, Connection } from '@temporalio/client';
import { connect, connectUnwalled, type Db } from '../../db/connect.ts';
import { createNotifications, type Notifications } from '../../db/notifications.ts';
import { buildApp } from '../../api/app.ts';
import type { VerifyToken } from '../../api/auth.ts';
import type { ApiDependencies, App } from '../../api/dependencies.ts';
import { keyOfPerson } from '../support/access.ts';
import { answerChecker } from './answers.ts';
import { testDatabase } from '../support/postgres.ts';
import { testTemporal } from '../support/temporal.ts';

export interface ApiUnderTest {
  readonly app: App;
  readonly db: Db;
  readonly client: Client;
  readonly taskQueue: string;
  /** The key of `ada`, who is an admin of the installation; `call` sends it. */
  readonly key: string;
  /** A request with the headers every caller sends; a POST gets a fresh Idempotency-Key unless it has one. */
  call(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- whatever the API says; each test looks at its part
}

let keys = 0;

/** The API on a database of its own. Workflows are started on a queue without a worker, so rows and starts can be looked at. */
export async function apiUnderTest(
  options: {
    temporal?: 'dead';
    requestsPerMinute?: number;
    operationsPerProject?: number;
    auditKeyFile?: string;
    edges?: Pick<
      ApiDependencies,
      | 'logger'
      | 'httpLimits'
      | 'signer'
      | 'secrets'
      | 'wakeClustering'
      | 'redditSubreddits'
      | 'configCheck'
      | 'shadowRun'
    >;
    verifyToken?: (db: Db) => VerifyToken;
  } = {},
): Promise<ApiUnderTest> {
  const database = await testDatabase();
  const db = connectUnwalled(database.url);
  const served = connect(database.url);
  const notifications: Notifications = createNotifications(database.url);
  const temporal = await testTemporal();
  const dead = Connection.lazy({ address: '127.0.0.1:1', interceptors: [] });
  const client =
    options.temporal === 'dead' ? new Client({ connection: dead, namespace: 'dead' }) : temporal.client;
  const app = await buildApp({
    db: served,
    notifications,
    temporal: () => client,
    taskQueue: temporal.taskQueue,
    ...options.edges,
    ...(options.verifyToken === undefined ? {} : { verifyToken: options.verifyToken(db) }),
    requestsPerMinute: options.requestsPerMinute,
    auditKeyFile: options.auditKeyFile,
    operationsPerProject: options.operationsPerProject,
  });
  const secret = await keyOfPerson(db, 'ada');
  const check = await answerChecker(app);
  return {
    app,
    db,
    client,
    taskQueue: temporal.taskQueue,
    key: secret,
    async call(method, path, body, headers = {}) {
      keys += 1;
      const key = method === 'POST' ? { 'idempotency-key': `test-${process.pid}-${keys}` } : {};
      const url = path.startsWith('/') ? path : `/v1/projects/default/${path}`;
      const response = await app.inject({
        method,
        url,
        headers: { authorization: `Bearer ${secret}`, ...key, ...headers },
        ...(body === undefined ? {} : { payload: body as object }),
      });
      const type = String(response.headers['content-type'] ?? '');
      const answer = /\bjson\b/.test(type) ? response.json<unknown>() : response.body;
      check({ method, path: url, status: response.statusCode, type, body: answer });
      return { status: response.statusCode, headers: response.headers, body: answer };
    },
    async close() {
      await app.close();
      await notifications.close();
      await Promise.all([db.destroy(), served.destroy()]);
      await dead.close();
      await temporal.close();
      await database.close();
    },
  };
}

/** A valid service, with what a test wants to be different. */
export function serviceInput(name: string, overrides: Record<string, unknown> = {}) {
  return {
    name,
    start: { runtime: 'process', command: ['node', 'server.js', '{port}'] },
    traffic: { provider: 'haproxy', backend: `be-${name}` },
    ...overrides,
  };
}
