import { settleCommand } from '../../db/command.ts';
import { pendingCommands, unannouncedDecisions } from '../../db/reconciliation.ts';
import { isGone } from './gone.ts';
import type { Sweeper } from './sweeper.ts';

const giveTheApiMs = 3000;

/** Commands are rows first: one that no worker heard is delivered again, under the same update id, until it is answered. */
export async function deliverCommands(sweeper: Sweeper): Promise<number> {
  const commands = await pendingCommands(sweeper.db, giveTheApiMs);
  return sweeper.each(
    ({ id }) => `command ${id}`,
    commands,
    (command) => deliver(sweeper, command),
  );
}

type Pending = Awaited<ReturnType<typeof pendingCommands>>[number];

async function deliver({ db, client }: Sweeper, command: Pending): Promise<void> {
  const { id, operation_id: operationId, workflow_id: workflowId } = command;
  if (command.status === 'closed') {
    const answer = 'the operation has ended';
    await settleCommand(db, { operationId, commandId: id, state: 'refused', answer });
    return;
  }
  try {
    const handle = client.workflow.getHandle(workflowId);
    await client.withDeadline(Date.now() + 3000, () =>
      handle.executeUpdate('command', { args: [{ commandId: id }], updateId: id }),
    );
  } catch (error) {
    // A workflow that is gone is the business of repairOperations.
    if (!isGone(error)) throw error;
  }
}

/** Decisions that were committed but whose signal was lost are announced again. */
export async function announceDecisions(sweeper: Sweeper): Promise<number> {
  const decisions = await unannouncedDecisions(sweeper.db, giveTheApiMs);
  return sweeper.each(
    ({ id }) => `decision ${id}`,
    decisions,
    (decision) =>
      sweeper.client.workflow.getHandle(decision.workflow_id).signal('approval', { decisionId: decision.id }),
  );
}
