import { appendLine, lockOperation } from '../../db/timeline.ts';
import type { Db } from '../../db/connect.ts';
import {
  noticeTouched,
  reopenCluster,
  severityFactsOf,
  writeSeverities,
  type FixedCluster,
} from '../../db/feedback-clustering/touched.ts';
import { parseCodeowners } from '../../domain/feedback-clustering/codeowners.ts';
import { ownerOf } from '../../domain/feedback-clustering/owner.ts';
import { regressionOf } from '../../domain/feedback-clustering/regression.ts';
import { severityOf } from '../../domain/feedback-clustering/severity.ts';

interface Refreshing {
  readonly db: Db;
  readonly project: string;
  readonly operationId: string;
}

/** Items that were told again: their clusters were seen now, and one that was fixed may be broken again. Answers how many items. */
export async function refreshTouched({ db, project, operationId }: Refreshing): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const { items, fixed } = await noticeTouched(tx, project);
    for (const cluster of fixed) {
      const because = whyReopened(cluster);
      if (because === null || !(await reopenCluster(tx, project, cluster.id))) continue;
      await lockOperation(tx, operationId);
      await appendLine(tx, {
        ...{
          operationId,
          type: 'cluster.regressed',
          detail: { clusterId: cluster.id },
          runId: null,
          runSeq: null,
        },
        summary: `the cluster ${cluster.id} is open again: ${because}`,
      });
    }
    return items;
  });
}

/** How bad these clusters are now, and whose they are. */
export async function refreshSeverity(
  { db, project, codeowners }: { readonly db: Db; readonly project: string; readonly codeowners: string },
  ids: readonly string[],
): Promise<void> {
  const facts = await severityFactsOf(db, project, ids);
  const rules = parseCodeowners(codeowners);
  if (facts.length === 0) return;
  // A spike is told where it is looked at: it is over by the next hour.
  const severities = facts.map(({ id, stack, ...row }) => ({
    id,
    severity: severityOf({ ...row, isSpike: false }),
    owner: stack === null ? null : ownerOf(rules, stack),
  }));
  await writeSeverities(db, project, severities);
}

function whyReopened({ fixedRelease, fixedAt, events }: FixedCluster): string | null {
  const fixed = { release: fixedRelease, atMs: fixedAt.getTime() };
  const found = events
    .map(({ release, at }) => regressionOf(fixed, { release, atMs: Date.parse(at) }))
    .find(({ reopens }) => reopens);
  return found?.because ?? null;
}
