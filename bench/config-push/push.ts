import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import type { ConfigRevisionDetail } from '../../contracts/config-revision.ts';
import type { ConfigRollout } from '../../contracts/config-rollout.ts';
import { configRolloutWorkflowId } from '../../domain/config-rollout/workflow-id.ts';
import { askApi } from '../ask-api.ts';
import type { RealProxy } from '../fleet/real-proxy.ts';
import type { SimulatedApart } from '../fleet/simulated-apart.ts';
import { cpuSince, cpuTimes, type CpuTimes } from './cpu-times.ts';
import { pushedDocument } from './document.ts';
import type { PushHouse } from './house.ts';

/** All in milliseconds since the request of the user was sent. */
export interface Pushed {
  /** Until the order stood in the database: validated once more, and committed. */
  readonly ordered: number;
  /** Until the API had answered each simulated agent that it was heard. */
  readonly acknowledged: readonly number[];
  /** Until each real proxy was known to be proven. */
  readonly proven: readonly number[];
  /** Until the rollout was closed. */
  readonly completed: number;
  /** Processor time of each part from the request until the last acknowledgement and proof. */
  readonly cpu: CpuTimes;
  /** Of its workflow's history. */
  readonly events: number;
}

export interface Fleet {
  readonly environment: string;
  readonly simulated: SimulatedApart;
  readonly count: number;
  readonly real: readonly RealProxy[];
  /** Where the frontend of the real ones listens. */
  readonly port: number;
}

const longestMs = 120_000;
/** Every time is one that the database or the agents wrote down: looking more often would only take processor time from them. */
const lookMs = 100;
/** One wave of everybody that does not bake: what is measured is how fast it gets there. */
const plan = { waves: [], rest: { bake: '0s' } };

/** Writes a revision and rolls it out, as a person with the command line does. */
export async function push(house: PushHouse, fleet: Fleet, revision: number): Promise<Pushed> {
  const { api, servers } = house;
  const { environment, simulated, count, real } = fleet;
  await writeHead(house, fleet, revision);
  const before = cpuTimes();
  const publishedAt = Date.now();
  const { id } = await askApi<ConfigRollout>(api, {
    ...{ method: 'POST', route: '/config-rollouts', body: { environment, plan } },
  });
  const { sequence, issuedAt } = await orderOf(house, id);
  const closed = watchClosed(house, id);
  const [provenAt, acknowledgements] = await Promise.all([
    watchProven(house, real, sequence),
    simulated.untilAcknowledged(sequence, count, longestMs),
  ]);
  const cpu = cpuSince(before);
  const finishedAt = await closed;
  const refused = acknowledgements.filter(({ outcome }) => outcome !== 'proven');
  if (refused.length > 0) throw new Error(`${refused.length} agents did not take order ${sequence}`);
  await requireServed(fleet, revision);
  const handle = servers.client.workflow.getHandle(configRolloutWorkflowId('default', environment));
  return {
    ordered: issuedAt - publishedAt,
    acknowledged: acknowledgements.map(({ at }) => at - publishedAt),
    proven: provenAt.map((at) => at - publishedAt),
    completed: finishedAt - publishedAt,
    cpu,
    events: (await handle.describe()).historyLength,
  };
}

/** The first one makes the environment. */
export async function writeHead(
  { api }: PushHouse,
  { environment, port }: Pick<Fleet, 'environment' | 'port'>,
  revision: number,
): Promise<void> {
  const route = `/environments/${environment}/config`;
  const head = await askApi<ConfigRevisionDetail>(api, { method: 'GET', route }).catch(() => null);
  const headers: Record<string, string> =
    head === null ? { 'if-none-match': '*' } : { 'if-match': `"${head.revision}"` };
  const body = { document: pushedDocument(revision, port), reason: `revision ${revision}` };
  await askApi(api, { method: 'PUT', route, body, headers });
}

/** Traffic gets the new one from every real proxy, whoever says so. */
async function requireServed({ real, port }: Fleet, revision: number): Promise<void> {
  for (const proxy of real) {
    const answer = await proxy.ask(port, '/revision');
    if (answer?.body !== `revision ${revision}`)
      throw new Error(`${proxy.name} answers ${JSON.stringify(answer)} and not revision ${revision}`);
  }
}

async function orderOf(
  { servers: { db } }: PushHouse,
  operationId: string,
): Promise<{ sequence: number; issuedAt: number }> {
  return watch(`order of ${operationId}`, async () => {
    const row = await db
      .selectFrom('config_order')
      .select(['sequence', 'issued_at'])
      .where('operation_id', '=', operationId)
      .executeTakeFirst();
    return row === undefined ? null : { sequence: row.sequence, issuedAt: row.issued_at.getTime() };
  });
}

/** When the first report came that says that HAProxy serves it, for each of them. */
async function watchProven(
  { servers: { db } }: PushHouse,
  real: readonly RealProxy[],
  sequence: number,
): Promise<number[]> {
  if (real.length === 0) return [];
  const names = real.map(({ name }) => name);
  const seen = new Map<string, number>();
  return watch(`proofs of order ${sequence}`, async () => {
    const { rows } = await sql<{ proxy: string; reported_at: Date; outcome: string }>`
      select proxy, reported_at, outcome from config_report where proxy = any(${names})
        and attempted_sequence = ${sequence} and outcome is not null`.execute(db);
    const failed = rows.find(({ outcome }) => outcome !== 'proven');
    if (failed) throw new Error(`${failed.proxy} ${failed.outcome} order ${sequence}`);
    for (const row of rows) if (!seen.has(row.proxy)) seen.set(row.proxy, row.reported_at.getTime());
    return seen.size === names.length ? [...seen.values()] : null;
  });
}

async function watchClosed({ servers: { db } }: PushHouse, operationId: string): Promise<number> {
  return watch(`end of ${operationId}`, async () => {
    const row = await db
      .selectFrom('operation')
      .select(['finished_at', 'outcome', 'summary'])
      .where('id', '=', operationId)
      .executeTakeFirstOrThrow();
    if (row.finished_at === null) return null;
    if (row.outcome !== 'completed') throw new Error(`the rollout was ${row.outcome}: ${row.summary}`);
    return row.finished_at.getTime();
  });
}

async function watch<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  const deadline = performance.now() + longestMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > deadline) throw new Error(`waited ${longestMs / 1000} s in vain: ${what}`);
    await delay(lookMs);
  }
}
