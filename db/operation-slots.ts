import { sql } from 'kysely';
import type { Db } from './connect.ts';

export const defaultOperationsPerProject = 100;

/** Whether a project has as many operations open as it may; those that are never counted out hold no slot. */
export async function hasNoFreeSlot(db: Db, project: string, slots: number): Promise<boolean> {
  const { open } = await db
    .selectFrom('operation')
    .select((select) => select.fn.countAll<string>().as('open'))
    .where('project', '=', project)
    .where('status', '<>', 'closed')
    .where('slot', 'is not', null)
    .where('slot', '<=', slots)
    .executeTakeFirstOrThrow();
  return Number(open) >= slots;
}

/** A place that no open operation of the project holds; the unique index decides between two that take the same one. */
export async function freeSlot(tx: Db, project: string, slots: number): Promise<number | 'none'> {
  const { rows } = await sql<{ slot: number }>`
    select number as slot from generate_series(1, ${slots}::int) as number
    where not exists (
      select 1 from operation o where o.project = ${project} and o.status <> 'closed' and o.slot = number
    )
    order by random() limit 1`.execute(tx);
  return rows[0]?.slot ?? 'none';
}
