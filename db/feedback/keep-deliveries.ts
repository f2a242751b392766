import { sql } from 'kysely';
import type { Db } from '../connect.ts';
import type { Database } from '../schema.ts';
import type { KeptReport } from './kept-report.ts';
import { isSameDelivery } from './same-delivery.ts';

export type DeliveryOutcome = Database['feedback_delivery']['outcome'];

/** Deliveries of one project. No two of them are the same one, and no two reports are about the same thing: Postgres would refuse them. */
export interface Together {
  readonly project: string;
  readonly deliveries: readonly OpenDelivery[];
  /** Read by us and not told by the sources. */
  readonly isReread: boolean;
  /** Records the deliveries; left false where their reports come after others of the same deliveries. */
  readonly isFirst: boolean;
}

export interface OpenDelivery {
  readonly source: string;
  readonly deliveryId: string;
  readonly withoutReports: 'filtered' | 'ignored';
  readonly reports: readonly KeptReport[];
}

export interface KeptDelivery {
  /** The most that any of its reports came to. */
  readonly outcome: DeliveryOutcome;
  /** The item of the first report; null where nothing is kept. */
  readonly itemId: string | null;
  /** Occurrences that were added. */
  readonly counted: number;
  /** Reports that were new or newer. */
  readonly changed: number;
}

/** Keeps deliveries and what they tell in one statement, all or nothing. Answers null, and changes nothing, for those that are known. */
export async function keepDeliveries(db: Db, together: Together): Promise<(KeptDelivery | null)[]> {
  const { rows } = await statement(together).execute(db);
  const byPlace = new Map(rows.map(({ place, ...kept }) => [place, kept]));
  return together.deliveries.map((_, place) => byPlace.get(place) ?? null);
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

function statement({ project, deliveries, isReread, isFirst }: Together) {
  const asked = deliveries.map(({ source, deliveryId, withoutReports, reports }, place) => ({
    ...{ place, source, delivery_id: deliveryId, without_reports: withoutReports },
    ...{ reports: reports.length, first: reports[0]?.external_id ?? null },
  }));
  const reports = deliveries.flatMap((delivery, place) =>
    delivery.reports.map((report) => ({ place, ...report })),
  );
  return sql<KeptDelivery & { place: number }>`/* prepared */ with asked as (
    select * from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb)
      as a (place integer, source text, delivery_id text, without_reports text, reports integer, first text)
  ), fresh as (
    -- One look at the index for each: joined, a plan made while the table was small would read all of it.
    select asked.* from asked where not ${isFirst}::boolean or (
      select true from feedback_delivery d where ${isSameDelivery(sql`d`, {
        project: sql`${project}::text`,
        ...{ source: sql`asked.source`, deliveryId: sql`asked.delivery_id` },
      })}
    ) is null
  ), given as (
    select fresh.source, r.*
    from fresh join jsonb_to_recordset(${JSON.stringify(reports)}::jsonb) as r (
      place integer, id text, external_id text, kind text, nature text, title text, body text, url text, status text, labels jsonb,
      metadata jsonb, service text, release text, stack jsonb, fingerprint text, content_hash text, tie_break text,
      source_created_at timestamptz, source_updated_at timestamptz) using (place)
  ), kept as (
    insert into feedback_item as i (id, project, source, external_id, kind, nature, title, body, url, status, labels, metadata,
      service, release, stack, fingerprint, content_hash, tie_break, source_created_at, source_updated_at, first_seen, last_seen)
    select id, ${project}::text, source, external_id, kind, nature, title, body, url, status, labels, metadata,
      service, release, stack, fingerprint, content_hash, tie_break, source_created_at, source_updated_at,
      source_created_at, source_updated_at
    from given order by source, external_id
    on conflict (project, source, external_id) do update set ${sql.raw(isReread ? changes.reread : changes.told)}
    returning i.id, i.source, i.external_id, i.last_outcome as outcome
  ), counted as (
    insert into feedback_occurrence as o (project, item_id, hour, release, count)
    select ${project}::text, kept.id,
      date_trunc('hour', case when kept.outcome = 'new' then given.source_created_at else given.source_updated_at end, 'UTC'),
      coalesce(given.release, ''), 1
    from given join kept using (source, external_id) where kept.outcome in ('new', 'repeat') order by kept.id
    on conflict (item_id, hour, release) do update set count = o.count + 1
    returning 1
  ), noticed as (
    insert into feedback_told (project, item_id)
    select ${project}::text, kept.id from kept where kept.outcome in ('repeat', 'update') order by kept.id
    on conflict do nothing
  ), told as (
    select fresh.place, fresh.source, fresh.delivery_id, fresh.reports,
      coalesce((${rank})[min(array_position(${rank}, kept.outcome))], fresh.without_reports) as outcome,
      max(kept.id) filter (where kept.external_id = fresh.first) as item_id,
      (count(*) filter (where kept.outcome in ('new', 'repeat')))::integer as counted,
      (count(*) filter (where kept.outcome in ('new', 'update')))::integer as changed
    from fresh left join given using (place) left join kept on kept.source = given.source and kept.external_id = given.external_id
    group by fresh.place, fresh.source, fresh.delivery_id, fresh.reports, fresh.without_reports
  ), recorded as (
    insert into feedback_delivery (project, source, delivery_id, outcome, reports, counted, item_id)
    select ${project}::text, source, delivery_id, outcome, ${isReread ? sql`changed` : sql`reports`}, counted, item_id
    from told where ${isFirst}::boolean order by source, delivery_id
  )
  select place, outcome, item_id as "itemId", counted, changed from told`;
}

/** From the most that a report can come to. */
const rank = sql.raw(`array['new', 'update', 'repeat', 'older']`);
