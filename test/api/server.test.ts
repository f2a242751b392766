import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectUnwalled } from '../../db/connect.ts';
import { keyOfPerson, keyOfProxy } from '../support/access.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { serviceInput } from './support.ts';

let database: TestDatabase;
let server: ChildProcess;
let url: string;
let admin: string;
let agent: string;
beforeAll(async () => {
  database = await testDatabase();
  const db = connectUnwalled(database.url, { max: 1 });
  admin = await keyOfPerson(db, 'ada');
  agent = await keyOfProxy(db, 'local');
  await db.destroy();
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  server = spawn(process.execPath, ['api/server.ts'], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      HOLDFAST_API_PORT: String(port),
      LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  while ((await statusOf('/livez')) !== 200) await sleep(100);
});
afterAll(async () => {
  server.kill('SIGKILL');
  await database.close();
});

test('with Temporal dead the process starts, serves the emergency stop, and ends on SIGTERM with a stream open', async () => {
  const put = await send('PUT', '/v1/projects/default/services/shop', serviceInput('shop'));
  const stop = await send('POST', '/v1/projects/default/emergency-stop', { all: true, reason: 'fire' });
  await send('POST', '/v1/projects/default/emergency-stop/release', { all: true, reason: 'out' });
  const started = await send('POST', '/v1/projects/default/canary-rollouts', {
    service: 'shop',
    version: 'v1',
  });
  const { id } = (await started.json()) as { id: string };
  const stream = await fetch(`${url}/v1/projects/default/operations/${id}/events/stream`, {
    headers: bearer(admin),
  });
  const poll = fetch(`${url}/v1/proxies/local/desired-state?after=0&waitMs=25000`, {
    headers: bearer(agent),
  }).catch(() => undefined);

  server.kill('SIGTERM');
  const [code] = (await once(server, 'exit')) as [number | null];

  expect([put.status, stop.status, started.status]).toEqual([201, 200, 202]);
  // 1 would say that it had to be cut off.
  expect(code).toBe(0);
  await stream.body?.cancel().catch(() => undefined);
  await poll;
});

function send(method: string, path: string, body: object): Promise<Response> {
  const key = `server-${method}-${path}-${process.pid}`;
  const headers = { ...bearer(admin), 'content-type': 'application/json', 'idempotency-key': key };
  return fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) });
}

function bearer(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` };
}

async function statusOf(path: string): Promise<number> {
  return fetch(`${url}${path}`).then(
    (response) => response.status,
    () => 0,
  );
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
