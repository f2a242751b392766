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
