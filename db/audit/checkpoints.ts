import { sql } from 'kysely';
import type { Frontier } from '../../domain/audit/merkle.ts';
import type { Db } from '../connect.ts';

const hashBytes = 32;

/** Projects whose newest checkpoint lacks so many entries, or any and is older than that. */
export async function projectsToCheckpoint(
  db: Db,
  due: { entries: number; ageMs: number },
): Promise<string[]> {
  const { rows } = await sql<{ project: string }>`
    select p.id as project from project p
    cross join lateral (select seq from audit_seal s where s.project = p.id order by seq desc limit 1) head
    left join lateral (
      select size, at from audit_checkpoint c where c.project = p.id order by size desc limit 1
    ) last on true
    where head.seq >= coalesce(last.size, 0) + ${due.entries}
      or (head.seq > coalesce(last.size, 0) and coalesce(last.at < now() - ${due.ageMs} * interval '1 ms', true))`.execute(
    db,
  );
  return rows.map(({ project }) => project);
}

/** The newest tree that was signed, or undefined before the first. */
export async function lastTree(db: Db, project: string): Promise<Frontier | undefined> {
  const row = await db
    .selectFrom('audit_checkpoint')
    .select(['size', 'frontier'])
    .where('project', '=', project)
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const count = row.frontier.length / hashBytes;
  const hashes = Array.from({ length: count }, (_, index) =>
    row.frontier.subarray(index * hashBytes, (index + 1) * hashBytes),
  );
  return { size: row.size, hashes };
}

/** Two that sign at once sign the same tree; the second changes nothing. */
export async function insertCheckpoint(
  db: Db,
  checkpoint: { project: string; tree: Frontier; note: string },
): Promise<void> {
  const { project, tree, note } = checkpoint;
  await db
    .insertInto('audit_checkpoint')
    .values({ project, size: tree.size, frontier: Buffer.concat(tree.hashes), note })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** By size; those after `after`. */
export async function listCheckpoints(db: Db, project: string, page: { after: number; limit: number }) {
  return db
    .selectFrom('audit_checkpoint')
    .select(['size', 'note', 'at'])
    .where('project', '=', project)
    .where('size', '>', page.after)
    .orderBy('size')
    .limit(page.limit)
    .execute();
}

/** Leaves of the tree after a size, at most `limit`, in order. */
export async function leavesAfter(
  db: Db,
  project: string,
  size: number,
  limit: number,
): Promise<Uint8Array[]> {
  const rows = await db
    .selectFrom('audit_seal')
    .select('leaf')
    .where('project', '=', project)
    .where('seq', '>', size)
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map(({ leaf }) => leaf);
}

/** The checkpoint of a size, or the newest. */
export async function findCheckpoint(db: Db, project: string, size: number | null) {
  const query = db
    .selectFrom('audit_checkpoint')
    .select(['size', 'note'])
    .where('project', '=', project)
    .orderBy('size', 'desc')
    .limit(1);
  return (size === null ? query : query.where('size', '=', size)).executeTakeFirst();
}
