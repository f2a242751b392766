import type { Cluster, MembershipWhy } from '../../contracts/feedback-clustering.ts';
import type { Db } from '../../db/connect.ts';
import { explainedItems, rivalsOf, type ExplainedRow } from '../../db/feedback-clustering/explained.ts';
import { readState } from '../../db/feedback-clustering/state.ts';
import { explainMembership, type MembershipRule } from '../../domain/feedback-clustering/explain.ts';
import { OpsError } from '../../domain/errors.ts';
import { emptyLexicalModel } from '../../domain/feedback-clustering/lexical-model.ts';
import { vectorSet } from '../../domain/feedback-clustering/vectors.ts';

const membersCompared = 50;
const rivals = 20;

/** Why an item is in its cluster, from its vector and those of others. Throws `not-found` where it is no member. */
export async function explain(
  db: Db,
  project: string,
  cluster: Cluster,
  itemId: string,
): Promise<MembershipWhy> {
  const { model } = await readState(db, project);
  const own = await explainedItems(db, project, {
    clusterId: cluster.id,
    model: model ?? '',
    itemId,
    limit: membersCompared,
  });
  const item = own.find(({ id }) => id === itemId);
  if (item === undefined) throw new OpsError('not-found', `the cluster ${cluster.id} has no item ${itemId}`);
  const others = await rivalsOf(db, project, { clusterId: cluster.id, model: model ?? '', limit: rivals });
  const all = [...own, ...others];
  const rowsOf = new Map(all.map((row, index) => [row.id, index]));
  const toItem = (row: ExplainedRow) => ({
    id: row.id,
    row: rowsOf.get(row.id) ?? 0,
    text: `${row.title}\n${row.body}`,
  });
  const byCluster = Map.groupBy(others, ({ clusterId }) => clusterId);
  return {
    itemId,
    clusterId: cluster.id,
    why: {
      ...explainMembership({
        item: toItem(item),
        members: own.filter((row) => row !== item).map(toItem),
        others: [...byCluster].map(([clusterId, rows]) => ({
          clusterId,
          rows: rows.map(({ id }) => rowsOf.get(id) ?? 0),
        })),
        vectors: vectorsOf(all),
        model: emptyLexicalModel(),
        rule: ruleOf(item.membership),
      }),
      provisional: item.membership?.['provisional'] === true,
    },
  };
}

function vectorsOf(rows: readonly ExplainedRow[]) {
  const dimensions = Math.max(1, ...rows.map(({ vector }) => vector.length));
  const values = new Float32Array(rows.length * dimensions);
  for (const [index, { vector }] of rows.entries()) values.set(vector, index * dimensions);
  return vectorSet(values, dimensions);
}

function ruleOf(membership: Readonly<Record<string, unknown>> | null): MembershipRule {
  const rule = membership?.['rule'];
  if (rule === 'people') return 'person';
  return rule === 'fingerprint' || rule === 'alone' ? rule : 'similarity';
}
