import type { ConfigHeadMove } from '../../contracts/config-revision.ts';
import type { Db } from '../connect.ts';

interface Page {
  /** Only moves before this one. */
  readonly before: number | null;
  readonly limit: number;
}

/** The moves of a head, newest first. */
export async function listHeadMoves(
  db: Db,
  project: string,
  environment: string,
  { before, limit }: Page,
): Promise<ConfigHeadMove[]> {
  let query = db
    .selectFrom('config_head_move')
    .select(['seq', 'revision', 'parent', 'author', 'reason', 'at'])
    .where('project', '=', project)
    .where('environment', '=', environment);
  if (before !== null) query = query.where('seq', '<', before);
  const rows = await query.orderBy('seq', 'desc').limit(limit).execute();
  return rows.map(({ at, ...move }) => ({ ...move, at: at.toISOString() }));
}
