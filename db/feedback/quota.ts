import { sql } from 'kysely';
import type { Db } from '../connect.ts';
import { storedName } from './kept-report.ts';

export interface Quota {
  readonly project: string;
  readonly source: string;
  /** Reports a day, UTC. */
  readonly perDay: number;
}

/** Whether one more delivery still fits into the day; those that come in this moment may go over it together. */
export async function hasRoom(db: Db, { project, source, perDay }: Quota): Promise<boolean> {
  const { rows } = await sql<{ hasRoom: boolean }>`/* prepared */
    select coalesce(sum(reports), 0) < ${perDay}::int as "hasRoom" from feedback_delivery
    where project = ${project}::text and source = ${source}::text
      and received_at >= date_trunc('day', now(), 'UTC') and outcome <> 'over-quota'`.execute(db);
  return rows[0]?.hasRoom ?? false;
}

/** Counted under a name of its own: when the delivery is sent again it must be let in. */
export async function noteOverQuota(
  db: Db,
  { project, source }: Quota,
  delivery: { readonly id: string; readonly reports: number },
): Promise<void> {
  await db
    .insertInto('feedback_delivery')
    .values({
      ...{ project, source, outcome: 'over-quota', reports: delivery.reports, item_id: null },
      delivery_id: storedName(`over-quota/${new Date().toISOString().slice(0, 10)}/${delivery.id}`),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
