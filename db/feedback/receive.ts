import { sql } from 'kysely';
import type { Report } from '../../domain/feedback/report.ts';
import type { Db } from '../connect.ts';
import { isDeadlock, violatedUnique } from '../failures.ts';
import type { Database } from '../schema.ts';
import { keptReport, storedName, type KeptReport } from './kept-report.ts';

export type DeliveryOutcome = Database['feedback_delivery']['outcome'];

/** What a source sent at once. The reports are redacted already. */
export interface Delivery {
  readonly project: string;
  readonly source: string;
  /** The same for what is sent again. */
  readonly deliveryId: string;
  readonly reports: readonly Report[];
  /** What it comes to where there is no report in it to keep; left out: `ignored`. */
  readonly withoutReports?: 'filtered' | 'ignored';
  /** Read by us and not told by the source: what is as it was is no occurrence. */
  readonly isReread?: boolean;
  newId(): string;
}

export interface Received {
  /** The most that any of its reports came to. */
  readonly outcome: DeliveryOutcome;
  /** The item of the first report; null where nothing is kept. */
  readonly itemId: string | null;
  /** Occurrences that were added. */
  readonly counted: number;
  /** Reports that were new or newer. */
  readonly changed: number;
  /** It was here before and changed nothing. */
  readonly isKnown: boolean;
}

/**
 * Keeps a delivery and what it tells, all or nothing: one statement where no two of its reports are about the same thing. A delivery
 * that is known changes nothing and answers what it came to. Safe to repeat, at once and in any order: what is the newest wins.
 */
export async function receive(db: Db, delivery: Delivery): Promise<Received> {
  const id = storedName(delivery.deliveryId);
  const now = Date.now();
  const rounds = roundsOf(delivery.reports.map((report) => keptReport(report, () => delivery.newId(), now)));
  for (;;) {
    try {
      const received = await keep(db, { ...delivery, deliveryId: id }, rounds);
      return received ?? (await known(db, delivery, id));
    } catch (error) {
      // The same delivery came twice in this moment, or somebody locked the same items the other way round: all of this one is undone.
      const isToRepeat = violatedUnique(error) === 'feedback_delivery_pkey' || isDeadlock(error);
      if (!isToRepeat || db.isTransaction) throw error;
    }
  }
}

/** An insert that meets a row twice is refused: reports about the same thing go one after the other, each round in the order of locks. */
function roundsOf(reports: readonly KeptReport[]): KeptReport[][] {
  const rounds: KeptReport[][] = [];
  const seen = new Map<string, number>();
  for (const report of reports) {
    const round = seen.get(report.external_id) ?? 0;
    seen.set(report.external_id, round + 1);
    (rounds[round] ??= []).push(report);
  }
  return rounds.length === 0 ? [[]] : rounds;
}

/** Answers null when the delivery is known. */
async function keep(db: Db, delivery: Delivery, rounds: KeptReport[][]): Promise<Received | null> {
  const [only = [], ...more] = rounds;
  if (more.length === 0) return keepRound(db, delivery, { reports: only, isFirst: true });
  return inTransaction(db, async (tx) => {
    const first = await keepRound(tx, delivery, { reports: only, isFirst: true });
    if (first === null) return null;
    let { counted, changed } = first;
    for (const reports of more) {
      const later = await keepRound(tx, delivery, { reports, isFirst: false });
      counted += later?.counted ?? 0;
      changed += later?.changed ?? 0;
    }
    await tx
      .updateTable('feedback_delivery')
      .set({ counted, reports: delivery.isReread === true ? changed : delivery.reports.length })
      .where('project', '=', delivery.project)
      .where('source', '=', delivery.source)
      .where('delivery_id', '=', delivery.deliveryId)
      .execute();
    return { ...first, counted, changed };
  });
}

/** The caller's own, where it has one: then its end is the caller's as well. */
function inTransaction<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  return db.isTransaction ? work(db) : db.transaction().execute(work);
}

interface Round {
  readonly reports: readonly KeptReport[];
  /** It records the delivery; later rounds add to it. */
  readonly isFirst: boolean;
}

async function keepRound(db: Db, delivery: Delivery, round: Round): Promise<Received | null> {
  const { rows } = await statement(delivery, round).execute(db);
  const [row] = rows;
  return row === undefined ? null : { ...row, isKnown: false };
}

/** What a newer version of the same thing replaces. */
const replaced = ['kind', 'nature', 'title', 'body', 'url', 'status', 'labels', 'metadata', 'content_hash'];
/** Kept where the newer version does not say it: a source tells a stack once and a state often. */
const completed = ['service', 'release', 'stack', 'fingerprint'];

const isNewer = `(excluded.source_updated_at, excluded.tie_break) > (i.source_updated_at, i.tie_break)`;
const isSame = `(excluded.source_updated_at, excluded.tie_break) = (i.source_updated_at, i.tie_break)`;
const isEvent = `excluded.nature = 'event'`;
/** Where a place is read again, the same state is the older one. */
const isToldAgain = (isReread: boolean): string => (isReread ? 'false' : isSame);
/** What is compared has changed, or it is open again. An error that still has its fingerprint stays where it is. */
const isToCluster = `(${isNewer} and (
  (excluded.content_hash <> i.content_hash and (excluded.fingerprint is null or excluded.fingerprint is distinct from i.fingerprint))
  or (i.status = 'closed' and excluded.status = 'open')))`;

function changesOf(isReread: boolean): string {
  const isCounted = `(${isEvent} or ${isToldAgain(isReread)})`;
  const isNoticed = `(${isCounted} or ${isNewer})`;
  const outcome = `case when ${isCounted} then 'repeat' when ${isNewer} then 'update' else 'older' end`;
  const changes = [
    ...replaced.map(
      (column) => `${column} = case when ${isNewer} then excluded.${column} else i.${column} end`,
    ),
    ...completed.map(
      (column) =>
        `${column} = case when ${isNewer} then coalesce(excluded.${column}, i.${column}) else i.${column} end`,
    ),
    `source_updated_at = case when ${isNewer} then excluded.source_updated_at else i.source_updated_at end`,
    `tie_break = case when ${isNewer} then excluded.tie_break else i.tie_break end`,
    `source_created_at = least(i.source_created_at, excluded.source_created_at)`,
    `first_seen = least(i.first_seen, excluded.first_seen)`,
    `last_seen = case when ${isNoticed} then greatest(i.last_seen, excluded.last_seen) else i.last_seen end`,
    `occurrences = i.occurrences + case when ${isCounted} then 1 else 0 end`,
    `revision = i.revision + case when ${isToCluster} then 1 else 0 end`,
    `clustering = case when ${isToCluster} then 'pending' else i.clustering end`,
    `tries = case when ${isToCluster} then 0 else i.tries end`,
    `fault = case when ${isToCluster} then null else i.fault end`,
    `retry_at = case when ${isToCluster} then null else i.retry_at end`,
    `last_outcome = ${outcome}`,
  ];
  return changes.join(', ');
}

const changes = { told: changesOf(false), reread: changesOf(true) };

function statement(delivery: Delivery, { reports, isFirst }: Round) {
  const { project, source, deliveryId, withoutReports = 'ignored', isReread = false } = delivery;
  return sql<Omit<Received, 'isKnown'>>`/* prepared */ with asked as (
    select ${project}::text as project, ${source}::text as source, ${deliveryId}::text as delivery_id
  ), fresh as (
    select asked.* from asked where not ${isFirst}::boolean or not exists (
      select from feedback_delivery d
      where d.project = asked.project and d.source = asked.source and d.delivery_id = asked.delivery_id
    )
  ), given as (
    select fresh.project, fresh.source, r.*
    from fresh, jsonb_to_recordset(${JSON.stringify(reports)}::jsonb) as r (
      id text, external_id text, kind text, nature text, title text, body text, url text, status text, labels jsonb,
      metadata jsonb, service text, release text, stack jsonb, fingerprint text, content_hash text, tie_break text,
      source_created_at timestamptz, source_updated_at timestamptz)
  ), kept as (
    insert into feedback_item as i (id, project, source, external_id, kind, nature, title, body, url, status, labels, metadata,
      service, release, stack, fingerprint, content_hash, tie_break, source_created_at, source_updated_at, first_seen, last_seen)
    select id, project, source, external_id, kind, nature, title, body, url, status, labels, metadata,
      service, release, stack, fingerprint, content_hash, tie_break, source_created_at, source_updated_at,
      source_created_at, source_updated_at
    from given order by external_id
    on conflict (project, source, external_id) do update set ${sql.raw(isReread ? changes.reread : changes.told)}
    returning i.id, i.external_id, i.last_outcome as outcome
  ), counted as (
    insert into feedback_occurrence as o (project, item_id, hour, release, count)
    select given.project, kept.id,
      date_trunc('hour', case when kept.outcome = 'new' then given.source_created_at else given.source_updated_at end, 'UTC'),
      coalesce(given.release, ''), 1
    from given join kept using (external_id) where kept.outcome in ('new', 'repeat') order by kept.id
    on conflict (item_id, hour, release) do update set count = o.count + 1
    returning 1
  ), noticed as (
    insert into feedback_told (project, item_id)
    select fresh.project, kept.id from fresh, kept where kept.outcome in ('repeat', 'update') order by kept.id
    on conflict do nothing
  ), told as (
    select coalesce(
        (select outcome from kept order by array_position(array['new', 'update', 'repeat', 'older'], outcome) limit 1),
        ${withoutReports}::text) as outcome,
      (select id from kept where external_id = ${reports[0]?.external_id ?? null}::text) as item_id,
      (select count(*)::int from kept where outcome in ('new', 'repeat')) as counted,
      (select count(*)::int from kept where outcome in ('new', 'update')) as changed
  ), recorded as (
    insert into feedback_delivery (project, source, delivery_id, outcome, reports, counted, item_id)
    select fresh.project, fresh.source, fresh.delivery_id, told.outcome, ${isReread ? sql`told.changed` : sql`${reports.length}::int`}, told.counted, told.item_id
    from fresh, told where ${isFirst}::boolean
  )
  select told.outcome, told.item_id as "itemId", told.counted, told.changed from told, fresh`;
}

async function known(db: Db, { project, source }: Delivery, deliveryId: string): Promise<Received> {
  const row = await db
    .selectFrom('feedback_delivery')
    .select(['outcome', 'item_id as itemId', 'counted'])
    .where('project', '=', project)
    .where('source', '=', source)
    .where('delivery_id', '=', deliveryId)
    .executeTakeFirst();
  // Removed by its age in this moment: it is known all the same.
  return { outcome: 'ignored', itemId: null, counted: 0, changed: 0, ...row, isKnown: true };
}
