import { Client } from '@temporalio/client';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectUnwalled, type Db } from '../../../db/connect.ts';
import { freePort } from '../../../infra/net/ports.ts';
import { testDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../support/receivers/webhook.ts';
import { deliveryOf, makeChannel, tell } from '../../support/rollout-house/channels.ts';
import { makeNamespace } from '../../support/rollout-house/namespace.ts';
import { testTemporal, type TestTemporal } from '../../support/temporal.ts';

/** The worker as it is deployed, killed by -9 while a receiver has the message and has not answered. */
let database: TestDatabase;
let db: Db;
let temporal: TestTemporal;
let receiver: WebhookReceiver;
let home: string;
let namespace: string;
const workers: ChildProcess[] = [];

beforeAll(async () => {
  database = await testDatabase();
  db = connectUnwalled(database.url);
  temporal = await testTemporal();
  receiver = await startWebhookReceiver();
  home = await mkdtemp(join(tmpdir(), 'holdfast-killed-'));
  namespace = `killed-${ulid().toLowerCase()}`;
  await makeNamespace(temporal.connection, namespace);
});

afterAll(async () => {
  for (const worker of workers) await kill(worker);
  await receiver.close();
  await temporal.close();
  await db.destroy();
  await database.close();
  await rm(home, { recursive: true, force: true });
});

test(
  'goes out again under the same id, and the ledger says that one end is not known',
  { timeout: 180_000 },
  async () => {
    const channel = await makeChannel(db, {
      kind: 'webhook',
      target: receiver.target,
      secret: 'env:SIGNING',
    });
    receiver.behave('silent');
    const worker = await startWorker();
    const id = await tell(db, channel);
    await expect.poll(() => receiver.tries(), { timeout: 60_000 }).toBe(1);
    await kill(worker);
    receiver.behave('accept');

    await startWorker();

    await expect.poll(async () => (await deliveryOf(db, id)).state, { timeout: 100_000 }).toBe('delivered');
    expect(receiver.headers.map((headers) => headers['webhook-id'])).toEqual([id, id]);
    expect(receiver.received().map((message) => message.id)).toEqual([id]);
    const { attempts } = await deliveryOf(db, id);
    expect(attempts.map(({ result }) => result)).toEqual([null, 'accepted']);
    const client = new Client({ connection: temporal.connection, namespace });
    const result = await client.workflow.getHandle(`notification/default/${id}`).result();
    expect(result).toEqual({ state: 'delivered', reason: null });
  },
);

async function startWorker(): Promise<ChildProcess> {
  const worker = spawn(process.execPath, ['workers/main.ts'], {
    env: {
      ...process.env,
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: namespace,
      HOLDFAST_HOME: home,
      HOLDFAST_METRICS_PORT: String(await freePort()),
      HOLDFAST_SDK_METRICS_PORT: String(await freePort()),
      HOLDFAST_NOTIFICATION_PRIVATE_ADDRESSES: 'loopback',
      SIGNING: receiver.secret,
      LOG_LEVEL: 'silent',
    },
    stdio: 'ignore',
  });
  workers.push(worker);
  return worker;
}

async function kill(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  worker.kill('SIGKILL');
  await once(worker, 'exit');
}
