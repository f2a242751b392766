import type { AuditBody } from './entry.ts';

/** A run of a workflow as its history tells it. */
export interface RunHistory {
  readonly workflow: string;
  readonly run: string;
  readonly activities: readonly HistoryActivity[];
}

export interface HistoryActivity {
  readonly id: string;
  readonly type: string;
  readonly isCompleted: boolean;
}

/** Something that one side tells and the other does not. */
export interface Difference {
  readonly side: 'history-without-audit' | 'audit-without-history';
  readonly run: string;
  /** Activity of the history, or action of the entry. */
  readonly what: string;
  readonly entry: string | null;
}

/** Activities that never complete without having changed something; those towards safety may find that all is safe. */
const alwaysActs = ['bringUpRelease', 'acquireTarget', 'shiftTraffic', 'promoteRelease'];

/** What local activities write: their ids stand in no event of their own, so only the run is looked for. */
const writtenLocally = ['canary-rollout.closed', 'command.accepted', 'command.refused', 'operation.reset'];

/**
 * Holds the entries of an operation against the histories of the runs that they name. A run that was reset repeats activities under
 * the ids of the run before, and what that has done already is not done again: one entry answers for both.
 */
export function reconcile(
  histories: readonly RunHistory[],
  entries: readonly Pick<AuditBody, 'id' | 'action' | 'by'>[],
): Difference[] {
  return [...withoutAudit(histories, entries), ...withoutHistory(histories, entries)];
}

function withoutAudit(
  histories: readonly RunHistory[],
  entries: readonly Pick<AuditBody, 'action' | 'by'>[],
): Difference[] {
  const audited = new Set(entries.map(({ by }) => `${by?.workflow}/${by?.activity}`));
  return histories.flatMap(({ workflow, run, activities }) =>
    activities
      .filter(({ type, isCompleted }) => isCompleted && alwaysActs.includes(type))
      .filter(({ id }) => !audited.has(`${workflow}/${id}`))
      .map(({ id, type }) => ({
        side: 'history-without-audit' as const,
        run,
        what: `${type} (activity ${id})`,
        entry: null,
      })),
  );
}

function withoutHistory(
  histories: readonly RunHistory[],
  entries: readonly Pick<AuditBody, 'id' | 'action' | 'by'>[],
): Difference[] {
  return entries.flatMap(({ id, action, by }) => {
    if (by === undefined) return [];
    const history = histories.find(({ workflow, run }) => workflow === by.workflow && run === by.run);
    const isThere =
      history !== undefined &&
      (writtenLocally.includes(action) || history.activities.some((activity) => activity.id === by.activity));
    return isThere ? [] : [{ side: 'audit-without-history' as const, run: by.run, what: action, entry: id }];
  });
}
