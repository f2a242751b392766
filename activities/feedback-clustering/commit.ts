import type { Db } from '../../db/connect.ts';
import {
  countMembers,
  describeClusters,
  placeItems,
  type ClusterText,
  type Membership,
  type Placement,
} from '../../db/feedback-clustering/commit.ts';
import { claimRevision } from '../../db/feedback-clustering/state.ts';
import { describe } from './describe.ts';
import type { Desk } from './desk.ts';
import { averagesOf, membersOf } from './members.ts';
import type { FeedbackClusteringTools } from './tools.ts';
import type { Row } from './workspace.ts';

export interface Change {
  /** Rows that are somewhere else now, or whose place is certain now. */
  readonly rows: readonly number[];
  /** Clusters that lost members. */
  readonly left: readonly string[];
  /** Clusters that are begun by it; the others are described again once it is certain who belongs to them. */
  readonly begun: readonly string[];
  readonly isCertain: boolean;
  /** Where to look for clusters that are no more. */
  readonly redirects: ReadonlyMap<string, string | null>;
}

/**
 * Writes where the rows are now, in one transaction with what `also` writes. Throws `unavailable` when somebody else changed the clusters: the
 * desk is of no use then, as after any other failure.
 */
export async function commitChange(
  { db }: FeedbackClusteringTools,
  desk: Desk,
  change: Change,
  also: (tx: Db) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { project, workspace } = desk;
  const entered = new Set(change.rows.map((row) => workspace.rows[row]?.clusterId ?? ''));
  const members = membersOf(workspace, new Set([...entered, ...change.left]));
  const averages = averagesOf(workspace, members);
  const described = await describe(
    { db, project, workspace },
    change.isCertain ? members : onlyNew(change, members),
  );
  const rules = rulesOf(workspace, members);
  const rows = change.isCertain ? withNewRules(desk, change.rows, rules) : change.rows;
  const placements = rows.map((row) =>
    placementOf(desk, row, rules.get(row) ?? 'alone', averages.get(row) ?? 0),
  );
  await db.transaction().execute(async (tx) => {
    desk.revision = await claimRevision(tx, project, desk.revision);
    await write(tx, project, { described, placements });
    const touched = [...new Set([...entered, ...change.left, ...change.redirects.keys()])].sort();
    await countMembers(tx, project, touched, change.redirects);
    await also(tx);
  });
}

function onlyNew({ begun }: Change, members: ReadonlyMap<string, readonly number[]>) {
  const fresh = new Set(begun);
  return new Map([...members].filter(([id]) => fresh.has(id)));
}

async function write(
  tx: Db,
  project: string,
  { described, placements }: { described: readonly ClusterText[]; placements: readonly Placement[] },
): Promise<void> {
  await describeClusters(tx, project, described);
  // In the order of their ids, as whoever else changes several items does it: nobody waits in a circle.
  await placeItems(
    tx,
    project,
    [...placements].sort((a, b) => (a.id < b.id ? -1 : 1)),
  );
}

/** Members that did not move, and are there for another reason now: one that stood alone and is joined by others. */
function withNewRules(
  { workspace }: Desk,
  rows: readonly number[],
  rules: ReadonlyMap<number, Rule>,
): number[] {
  const own = new Set(rows);
  const others = [...rules].filter(([row, rule]) => !own.has(row) && workspace.rows[row]?.rule !== rule);
  return [...rows, ...others.map(([row]) => row)];
}

function placementOf({ workspace }: Desk, row: number, rule: Rule, similarity: number): Placement {
  const item = workspace.rows[row];
  if (item === undefined) throw new RangeError(`there is no row ${row}`);
  item.rule = rule;
  const { id, revision, clusterId, isProvisional } = item;
  return { id, revision, clusterId, membership: { rule, similarity, provisional: isProvisional } };
}

type Rule = Membership['rule'];

function rulesOf(
  workspace: Desk['workspace'],
  members: ReadonlyMap<string, readonly number[]>,
): Map<number, Rule> {
  const put = new Set(workspace.constraints.together.flat());
  const rules = new Map<number, Rule>();
  for (const rows of members.values()) {
    const prints = new Map<string, number>();
    for (const row of rows) {
      const print = workspace.rows[row]?.fingerprint ?? null;
      if (print !== null) prints.set(print, (prints.get(print) ?? 0) + 1);
    }
    for (const row of rows) rules.set(row, ruleOf(workspace.rows[row], rows.length, { put, prints }));
  }
  return rules;
}

function ruleOf(
  item: Row | undefined,
  size: number,
  { put, prints }: { put: ReadonlySet<string>; prints: ReadonlyMap<string, number> },
): Rule {
  if (item === undefined || size < 2) return 'alone';
  if (put.has(item.id)) return 'people';
  return (prints.get(item.fingerprint ?? '') ?? 0) > 1 ? 'fingerprint' : 'similarity';
}
