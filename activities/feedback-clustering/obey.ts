import type { ClusterCommandFields } from '../../contracts/feedback-clustering.ts';
import { settleCommand, settleInside } from '../../db/command.ts';
import type { Db } from '../../db/connect.ts';
import type { CommandAnswer, PendingCommand } from '../../db/feedback-clustering/commands.ts';
import { clustersBefore, patchCluster } from '../../db/feedback-clustering/clusters.ts';
import { keepEdit, standingEdits, undoEdit } from '../../db/feedback-clustering/edits.ts';
import { constraintsOf } from '../../domain/feedback-clustering/edits.ts';
import { OpsError } from '../../domain/errors.ts';
import { commitChange } from './commit.ts';
import type { Desk } from './desk.ts';
import { membersOf } from './members.ts';
import { planEdit, type EditPlan } from './plan-edit.ts';
import { planUndo } from './plan-undo.ts';
import type { FeedbackClusteringTools } from './tools.ts';

/**
 * Carries a recorded command out, all of it in one transaction with its answer: a repetition finds it settled. What makes no sense is
 * refused with the reason.
 */
export async function obey(
  tools: FeedbackClusteringTools,
  desk: Desk,
  operationId: string,
  command: PendingCommand,
): Promise<CommandAnswer> {
  const settled = { operationId, commandId: command.id };
  try {
    const asked = { kind: command.kind, ...command.body } as ClusterCommandFields;
    const plan =
      asked.kind === 'undo'
        ? await planUndo(tools.db, desk, asked.edit)
        : await planEdit(tools, desk, asked, { id: command.id, by: command.by });
    await carryOut(tools, desk, { plan, command, settle: settled });
    return { id: command.id, state: 'accepted', answer: plan.answer };
  } catch (error) {
    if (!(error instanceof OpsError) || !isRefusal(error)) throw error;
    await settleCommand(tools.db, { ...settled, state: 'refused', answer: error.message });
    return { id: command.id, state: 'refused', answer: error.message };
  }
}

function isRefusal({ code }: OpsError): boolean {
  return code === 'invalid-input' || code === 'not-found' || code === 'conflict';
}

interface Carrying {
  readonly plan: EditPlan;
  readonly command: PendingCommand;
  readonly settle: { readonly operationId: string; readonly commandId: string };
}

async function carryOut(
  tools: FeedbackClusteringTools,
  desk: Desk,
  { plan, command, settle }: Carrying,
): Promise<void> {
  const { project, workspace } = desk;
  const constraints = constraintsOf(await editsAfter(tools.db, project, plan));
  const before = await clustersBefore(tools.db, project, idsOf(desk, plan.touched));
  const left: string[] = [];
  const rows: number[] = [];
  for (const { item, to } of plan.moves) {
    const row = workspace.rowOf(item);
    const from = row === undefined ? undefined : workspace.rows[row]?.clusterId;
    if (row === undefined || from === undefined || from === to) continue;
    left.push(from);
    workspace.assign(row, to);
    rows.push(row);
  }
  workspace.constraints = constraints;
  const change = { rows, left, begun: [], isCertain: true, redirects: plan.redirects };
  await commitChange(tools, desk, change, async (tx) => {
    for (const { id, patch } of plan.patches) await patchCluster(tx, project, id, patch);
    if (plan.undoes === null)
      await keepEdit(tx, {
        ...{ id: command.id, project, kind: command.kind, before, by: command.by },
        body: { ...command.body, edit: plan.edit },
      });
    else await undoEdit(tx, project, plan.undoes, command.by);
    await settleInside(tx, { ...settle, state: 'accepted', answer: plan.answer });
  });
  workspace.soil(plan.moves.flatMap(({ item }) => workspace.rowOf(item) ?? []));
  workspace.soil(plan.concerns.flatMap((item) => workspace.rowOf(item) ?? []));
}

async function editsAfter(db: Db, project: string, { edit, undoes }: EditPlan) {
  const standing = await standingEdits(db, project, undoes);
  return edit === null ? standing : [...standing, edit];
}

function idsOf({ workspace }: Desk, clusters: readonly string[]): Map<string, string[]> {
  const members = membersOf(workspace, new Set(clusters));
  return new Map(
    clusters.map((id) => [id, (members.get(id) ?? []).map((row) => workspace.rows[row]?.id ?? '')]),
  );
}
