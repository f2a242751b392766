import { sql } from 'kysely';
import type { FeedbackSourceStats } from '../../contracts/feedback-source.ts';
import type { Db } from '../connect.ts';
import type { DeliveryOutcome } from './keep-deliveries.ts';

const nameOf: Readonly<Record<DeliveryOutcome, Exclude<keyof FeedbackSourceStats, 'lastDeliveryAt'>>> = {
  ...{ new: 'new', repeat: 'repeats', update: 'updates', older: 'older', filtered: 'filtered' },
  ...{ ignored: 'ignored', 'over-quota': 'overQuota' },
} as const;

export interface StatsBySource {
  /** Everything that something came from, in alphabetical order. */
  readonly names: readonly string[];
  of(source: string): FeedbackSourceStats;
}

/** What came in within 24 hours and what it came to, and the items of all time: of all sources of a project, or of one. */
export async function sourceStats(db: Db, project: string, name?: string): Promise<StatsBySource> {
  const [deliveries, items] = await Promise.all([
    countDeliveries(db, project, name),
    countItems(db, project, name),
  ]);
  const names = [...new Set([...deliveries, ...items].map(({ source }) => source))].sort();
  const last = await lastDeliveries(db, project, name === undefined ? names : [name]);
  return {
    names,
    of(source) {
      const outcomes = deliveries.filter((row) => row.source === source);
      const counts = Object.fromEntries(outcomes.map(({ outcome, count }) => [nameOf[outcome], count]));
      const { count = 0, quarantined = 0 } = items.find((item) => item.source === source) ?? {};
      return { ...none, ...counts, items: count, quarantined, lastDeliveryAt: last.get(source) ?? null };
    },
  };
}

const none: FeedbackSourceStats = {
  ...{ new: 0, repeats: 0, updates: 0, older: 0, filtered: 0, ignored: 0, overQuota: 0 },
  ...{ items: 0, quarantined: 0, lastDeliveryAt: null },
};

function countDeliveries(db: Db, project: string, name?: string) {
  let query = db
    .selectFrom('feedback_delivery')
    .select(['source', 'outcome'])
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('project', '=', project)
    .where('received_at', '>', sql<Date>`now() - interval '1 day'`);
  if (name !== undefined) query = query.where('source', '=', name);
  return query.groupBy(['source', 'outcome']).execute();
}

function countItems(db: Db, project: string, name?: string) {
  let query = db
    .selectFrom('feedback_item')
    .select('source')
    .select((eb) => [
      eb.fn.countAll<number>().as('count'),
      eb.fn.countAll<number>().filterWhere('clustering', '=', 'quarantined').as('quarantined'),
    ])
    .where('project', '=', project);
  if (name !== undefined) query = query.where('source', '=', name);
  return query.groupBy('source').execute();
}

/** One step into the index for each source, however many deliveries there are. */
async function lastDeliveries(
  db: Db,
  project: string,
  sources: readonly string[],
): Promise<Map<string, string>> {
  const { rows } = await sql<{ source: string; last: Date | null }>`
    select source, (
      select max(d.received_at) from feedback_delivery d
      where d.project = ${project} and d.source = asked.source and d.outcome <> 'over-quota'
    ) as last
    from unnest(${sources}::text[]) as asked (source)`.execute(db);
  return new Map(rows.flatMap(({ source, last }) => (last === null ? [] : [[source, last.toISOString()]])));
}
