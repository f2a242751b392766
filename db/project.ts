import type { Db } from './connect.ts';

export async function projectExists(db: Db, project: string): Promise<boolean> {
  const row = await db.selectFrom('project').select('id').where('id', '=', project).executeTakeFirst();
  return row !== undefined;
}
