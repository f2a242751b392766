import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Db } from '../db/connect.ts';
import {
  feedbackProcesses,
  issueWebhook,
  registerSource,
  sendWebhook,
  type Webhook,
} from './feedback/processes.ts';
import { reRuns } from './feedback/re-runs.ts';
import { adminKey } from './processes.ts';
import { withServers } from './servers.ts';
import { quantile } from './statistics.ts';

const ratePerSecond = 500;
/** Of the deliveries: reports that were never there before. The others tell one of those again. */
const fresh = 0.1;
const stored = 2000;

interface Options {
  readonly seconds: number;
  readonly runs: number;
  readonly note: (text: string) => void;
}

/**
 * A storm of webhooks on the real API, from a process of its own, while the worker clusters: how long a delivery takes to be accepted,
 * counted from its scheduled time, and how long until a new item stands in a cluster. Beside it, what re-runs do to edits and ids.
 */
export async function ingest({ seconds, runs, note }: Options) {
  const figures = await withServers(async (servers) => {
    const { folder, databaseUrl, temporal, db, atEnd } = servers;
    const processes = await feedbackProcesses({ folder, databaseUrl, temporal });
    await processes.api.start();
    atEnd(() => processes.api.stop());
    await processes.worker.start();
    atEnd(() => processes.worker.stop());
    await registerSource(processes.base, await adminKey(db));
    const agent = new Agent({ keepAlive: true, maxSockets: 256 });
    atEnd(() => Promise.resolve(agent.destroy()));
    const send = (webhook: Webhook) => sendWebhook(agent, processes.base, webhook);
    note(`${stored} items come first`);
    await preload(send, db);
    const watch = watchVisible(db);
    const accepted = await storm({ seconds, send, note });
    const visible = await watch.end();
    return { ...accepted, ...visible, ...(await totals(db)) };
  });
  note(`${runs} re-runs with edits`);
  const again = reRuns(runs);
  return {
    rate_per_s: ratePerSecond,
    share_new: fresh,
    ...figures,
    goal_accept_p99_ms: 50,
    goal_visible_p95_s: 5,
    re_runs: again.runs,
    edits_held_to: again.edits,
    edits_violated: again.violated,
    ids_kept_share: Math.round((again.kept / again.comparable) * 10_000) / 10_000,
    goal_ids_kept_share: 0.99,
  };
}

type Send = (webhook: Webhook) => Promise<number | null>;

async function preload(send: Send, db: Db): Promise<void> {
  for (let first = 0; first < stored; first += 50) {
    const batch = Array.from({ length: 50 }, (_, index) => webhookOf(first + index));
    await Promise.all(batch.map(send));
  }
  for (;;) {
    const { rows } = await sql<{ open: number }>`select count(*)::int as open from feedback_item
      where clustering <> 'clustered' or (membership->>'provisional')::boolean`.execute(db);
    const { rows: jobs } = await sql<{ open: number }>`select count(*)::int as open from cluster_job
      where finished_at is null`.execute(db);
    if (rows[0]?.open === 0 && jobs[0]?.open === 0) return;
    await delay(250);
  }
}

async function storm({ seconds, send, note }: { seconds: number; send: Send; note: Options['note'] }) {
  const count = seconds * ratePerSecond;
  const began = performance.now() + 50;
  const took: number[] = [];
  let refused = 0;
  let next = stored;
  const open: Promise<void>[] = [];
  for (let index = 0; index < count; index += 1) {
    const scheduled = began + (index * 1000) / ratePerSecond;
    const wait = scheduled - performance.now();
    if (wait > 0) await delay(wait);
    const isNew = index % Math.round(1 / fresh) === 0;
    const number = isNew ? next++ : Math.floor((index * 7919) % next);
    open.push(
      send(webhookOf(number)).then((status) => {
        took.push(performance.now() - scheduled);
        if (status !== 202) refused += 1;
      }),
    );
    if (index % (5 * ratePerSecond) === 0) note(`${index / ratePerSecond} of ${seconds} s`);
  }
  await Promise.all(open);
  return {
    deliveries: count,
    not_accepted: refused,
    accept_p50_ms: rounded(quantile(took, 0.5)),
    accept_p99_ms: rounded(quantile(took, 0.99)),
    accept_max_ms: rounded(Math.max(...took)),
  };
}

/** Looks every tenth of a second which items have a cluster by now. */
function watchVisible(db: Db) {
  const seen = new Map<string, number>();
  const known = sql<{
    id: string;
    at: number;
  }>`select id, extract(epoch from received_at) * 1000 as at from feedback_item
    where received_at > now() - interval '60 seconds' and cluster_id is not null`;
  let isOver = false;
  const watching = (async () => {
    const { rows: before } = await sql<{ id: string }>`select id from feedback_item`.execute(db);
    const old = new Set(before.map(({ id }) => id));
    while (!isOver) {
      const { rows } = await known.execute(db);
      const now = Date.now();
      for (const { id, at } of rows) if (!old.has(id) && !seen.has(id)) seen.set(id, now - Number(at));
      await delay(100);
    }
  })();
  return {
    async end() {
      const all = async () => {
        const { rows } = await sql<{ open: number }>`select count(*)::int as open from feedback_item
          where cluster_id is null`.execute(db);
        return rows[0]?.open === 0;
      };
      while (!(await all())) await delay(100);
      await delay(300);
      isOver = true;
      await watching;
      const took = [...seen.values()];
      return {
        new_items: took.length,
        visible_p50_s: rounded(quantile(took, 0.5) / 1000),
        visible_p95_s: rounded(quantile(took, 0.95) / 1000),
        visible_max_s: rounded(Math.max(...took) / 1000),
      };
    },
  };
}

async function totals(db: Db) {
  const { rows } = await sql<{
    items: number;
    occurrences: number;
    deliveries: number;
    clusters: number;
  }>`select
    (select count(*)::int from feedback_item) as items,
    (select sum(occurrences)::int from feedback_item) as occurrences,
    (select count(*)::int from feedback_delivery) as deliveries,
    (select count(*)::int from feedback_cluster where redirect_to is null and size > 1) as clusters`.execute(
    db,
  );
  const [{ items = 0, occurrences = 0, deliveries = 0, clusters = 0 } = {}] = rows;
  return { items, clusters, lost_or_doubled: Math.abs(deliveries - occurrences) };
}

const what = ['The export', 'The login', 'The invoice', 'The search', 'The upload', 'The report', 'The mail'];
const how = ['fails', 'is slow', 'shows the wrong sum', 'never ends', 'is empty', 'asks twice', 'is cut'];
const where = ['on the phone', 'since the update', 'for large files', 'after midnight', 'behind our proxy'];
const who = ['customers in France', 'the finance team', 'new accounts', 'guests', 'admins', 'nobody else'];

function webhookOf(number: number): Webhook {
  const title = `${what[number % 7]} ${how[Math.floor(number / 7) % 7]} ${where[Math.floor(number / 49) % 5]}`;
  const body = `It concerns ${who[number % 6]}, order ${number}, page ${number % 131}. ${'It worked last week. '.repeat(number % 4)}`;
  return issueWebhook({ number, title, body }, randomUUID());
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
