import { setImmediate as turn } from 'node:timers/promises';
import type { Db } from '../../db/connect.ts';
import type { ClusterText } from '../../db/feedback-clustering/commit.ts';
import { textsOf } from '../../db/feedback-clustering/items.ts';
import { describeCluster } from '../../domain/feedback-clustering/describe.ts';
import { representatives } from '../../domain/feedback-clustering/representatives.ts';
import type { Workspace } from './workspace.ts';

interface Describing {
  readonly db: Db;
  readonly project: string;
  readonly workspace: Workspace;
}

/** Of a large cluster: which are typical among these is near enough, and looking at all pairs is not. */
const mostMembers = 200;

/** Title, summary and representative items of clusters, from the texts of their most typical members. */
export async function describe(
  { db, project, workspace }: Describing,
  members: ReadonlyMap<string, readonly number[]>,
): Promise<ClusterText[]> {
  const ids = workspace.rows.map((row) => row.id);
  const chosen = [...members].map(([id, rows]) => {
    const typical = representatives(workspace.vectors, ids, spread(rows));
    const items = (typical.length > 0 ? typical : rows.slice(0, 1)).map((row) => ids[row] ?? '');
    return { id, items };
  });
  const texts = await textsOf(
    db,
    project,
    chosen.flatMap(({ items }) => items),
  );
  const described: ClusterText[] = [];
  for (const { id, items } of chosen) {
    await turn();
    const own = items.flatMap((item) => texts.get(item) ?? []);
    const [medoid = { title: '', body: '' }] = own;
    described.push({ id, ...describeCluster(medoid, own), representatives: items });
  }
  return described;
}

function spread(rows: readonly number[]): readonly number[] {
  if (rows.length <= mostMembers) return rows;
  const step = rows.length / mostMembers;
  return Array.from({ length: mostMembers }, (_, index) => rows[Math.floor(index * step)] ?? 0);
}
