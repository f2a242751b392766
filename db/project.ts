import type { Project } from '../contracts/access.ts';
import { audit } from './audit.ts';
import type { Db } from './connect.ts';

export async function projectExists(db: Db, project: string): Promise<boolean> {
  const row = await db.selectFrom('project').select('id').where('id', '=', project).executeTakeFirst();
  return row !== undefined;
}

/** Makes a project. Answers false when there is one of that name. */
export async function insertProject(db: Db, project: { name: string; by: string }): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const made = await tx
      .insertInto('project')
      .values({ id: project.name })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst();
    if (made === undefined) return false;
    await audit(tx, {
      project: project.name,
      principal: project.by,
      action: 'project.create',
      subject: project.name,
      operationId: null,
      detail: {},
    });
    return true;
  });
}

/** Projects by name: those named, or all. */
export async function listProjects(db: Db, names: readonly string[] | null): Promise<Project[]> {
  const rows = await db
    .selectFrom('project')
    .select(['id', 'created_at'])
    .$if(names !== null, (query) => query.where('id', 'in', [...(names ?? []), '']))
    .orderBy('id')
    .execute();
  return rows.map((row) => ({ name: row.id, createdAt: row.created_at.toISOString() }));
}
