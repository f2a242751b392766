import type { Db } from './connect.ts';

/** Whether the project has the row; one of another project is answered as if there were none. */
export async function isRowOf(
  db: Db,
  project: string,
  { table, id }: { readonly table: 'operation' | 'notification_delivery'; readonly id: string },
): Promise<boolean> {
  const row = await db
    .selectFrom(table)
    .select('id')
    .where('id', '=', id)
    .where('project', '=', project)
    .executeTakeFirst();
  return row !== undefined;
}
