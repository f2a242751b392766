import { Connection } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { ulid } from 'ulid';
import { expect, inject, test } from 'vitest';
import {
  feedbackProcesses,
  issueWebhook,
  registerSource,
  sendWebhook,
  type Webhook,
} from '../../bench/feedback/processes.ts';
import { adminKey, type PlatformProcesses } from '../../bench/processes.ts';
import { connectUnwalled } from '../../db/connect.ts';
import { migrateToLatest } from '../../db/migrate.ts';
import { startPostgres, type RunningPostgres } from '../../infra/postgres/server.ts';
import { makeNamespace } from '../support/rollout-house/namespace.ts';

/**
 * API, worker and database are killed with -9 at random moments of an ingest with duplicates and a storm: what was accepted is in
 * exactly one cluster, and counted as often as it was delivered. `make test` kills 9 times, `make test-long` 200.
 */
const scale = inject('long')
  ? { issues: 10_000, kills: 200, storms: 100 }
  : { issues: 600, kills: 9, storms: 10 };
const copies = 10;
const senders = 8;

test(
  'whatever is killed, every item is in one cluster, and counts equal deliveries',
  { timeout: inject('long') ? 3_600_000 : 150_000 },
  async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-feedback-crash-'));
    await chmod(folder, 0o711);
    const data = path.join(folder, 'postgres');
    let postgres: RunningPostgres = await startPostgres(data);
    const { address } = inject('temporal');
    const namespace = `feedback-${ulid().toLowerCase()}`;
    const connection = await Connection.connect({ address });
    await makeNamespace(connection, namespace);
    await connection.close();
    const setUp = connectUnwalled(postgres.url);
    await migrateToLatest(setUp);
    const key = await adminKey(setUp);
    await setUp.destroy();
    const place = { folder, databaseUrl: postgres.url, temporal: { address, namespace } };
    const processes = await feedbackProcesses(place);
    try {
      await processes.api.start();
      await processes.worker.start();
      await registerSource(processes.base, key);
      const webhooks = plannedWebhooks();
      const sending = sendAll(processes, webhooks);
      const random = randomFrom(7);
      for (let kill = 0; kill < scale.kills; kill += 1) {
        await delay(50 + random() * 700);
        await killOne(Math.floor(random() * 3));
      }
      await sending;
      expect([processes.api.hasDied(), processes.worker.hasDied()]).toEqual([false, false]);
      await untilSettled();
      await expectAllThere(webhooks);
    } finally {
      await processes.worker.stop();
      await processes.api.stop();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    }

    async function killOne(which: number): Promise<void> {
      const { api, worker } = processes;
      if (which === 2) {
        process.kill(postgres.pid, 'SIGKILL');
        postgres = await startPostgres(data);
        return;
      }
      const victim = which === 0 ? api : worker;
      await victim.kill();
      await victim.start();
    }

    async function untilSettled(): Promise<void> {
      const db = connectUnwalled(postgres.url);
      try {
        // Nobody wakes anything here: what no signal told of, the sweep has to find.
        await expect
          .poll(
            async () => {
              const { rows } = await sql<{ open: number }>`select count(*)::int as open from feedback_item
              where clustering <> 'clustered' or (membership->>'provisional')::boolean
                or exists (select from feedback_told t where t.item_id = feedback_item.id)`.execute(db);
              return rows[0]?.open;
            },
            { timeout: inject('long') ? 600_000 : 90_000, interval: 250 },
          )
          .toBe(0);
      } finally {
        await db.destroy();
      }
    }

    async function expectAllThere(webhooks: readonly Webhook[]): Promise<void> {
      const db = connectUnwalled(postgres.url);
      try {
        const { rows } = await sql`select
          (select count(*)::int from feedback_item) as items,
          (select sum(occurrences)::int from feedback_item) as occurrences,
          (select sum(count)::int from feedback_occurrence) as hourly,
          (select count(*)::int from feedback_delivery) as deliveries,
          (select count(*)::int from feedback_item i join feedback_cluster c on c.id = i.cluster_id and c.redirect_to is null) as placed,
          (select sum(size)::int from feedback_cluster where redirect_to is null) as sizes`.execute(db);
        const deliveries = new Set(webhooks.map(({ delivery }) => delivery)).size;
        const counted = { occurrences: deliveries, hourly: deliveries, deliveries };
        expect(rows).toEqual([
          { items: scale.issues, ...counted, placed: scale.issues, sizes: scale.issues },
        ]);
      } finally {
        await db.destroy();
      }
    }
  },
);

/** Every issue once, some of them ten times as deliveries of their own, and many of all sent again as they were. */
function plannedWebhooks(): Webhook[] {
  const random = randomFrom(3);
  const planned: Webhook[] = [];
  for (let number = 0; number < scale.issues; number += 1) {
    const issue = { number, title: titleOf(number), body: `Seen on page ${number % 97}.` };
    const times = number % Math.ceil(scale.issues / scale.storms) === 0 ? copies : 1;
    for (let copy = 0; copy < times; copy += 1) planned.push(issueWebhook(issue, randomUUID()));
  }
  const again = planned.filter(() => random() < 0.1);
  return [...planned, ...again].sort(() => random() - 0.5);
}

const what = ['The export', 'The login', 'The invoice', 'The search', 'The upload', 'The report'];
const how = ['fails', 'is slow', 'shows the wrong sum', 'never ends', 'is empty', 'asks twice'];
const when = ['since the update', 'on Mondays', 'for large files', 'in the mobile app', 'after midnight'];

function titleOf(number: number): string {
  return `${what[number % 6]} ${how[Math.floor(number / 6) % 6]} ${when[Math.floor(number / 36) % 5]} (${number})`;
}

/** As a sender that tries until it is told that it was accepted. */
async function sendAll(
  { base, api, worker }: PlatformProcesses,
  webhooks: readonly Webhook[],
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: senders });
  const waiting = [...webhooks];
  await Promise.all(
    Array.from({ length: senders }, async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        while ((await sendWebhook(agent, base, next)) !== 202) {
          if (api.hasDied() || worker.hasDied()) throw new Error('a process ended that nobody had killed');
          await delay(100);
        }
        // The kills shall meet an ingest that is under way, from its beginning to its end.
        await delay((scale.kills * 900 * senders) / webhooks.length);
      }
    }),
  );
  agent.destroy();
}

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
