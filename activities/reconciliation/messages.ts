import type { Client } from '@temporalio/client';
import { settleCommand } from '../../db/canary-rollout/command.ts';
import { pendingCommands, unannouncedDecisions } from '../../db/reconciliation.ts';
import type { ReconciliationTools } from '../reconciliation.ts';
import { isGone } from './gone.ts';

const giveTheApiMs = 3000;

/** Commands are rows first: one that no worker heard is delivered again, under the same update id, until it is answered. */
export async function deliverCommands({ db }: ReconciliationTools, client: Client): Promise<number> {
  const commands = await pendingCommands(db, giveTheApiMs);
  for (const command of commands) {
    const settle = {
      operationId: command.operation_id,
      commandId: command.id,
      state: 'refused',
      answer: 'the operation has ended',
    } as const;
    if (command.status === 'closed') {
      await settleCommand(db, settle);
      continue;
    }
    try {
      const handle = client.workflow.getHandle(command.workflow_id);
      await client.withDeadline(Date.now() + 3000, () =>
        handle.executeUpdate('command', { args: [{ commandId: command.id }], updateId: command.id }),
      );
    } catch (error) {
      // A gone workflow is the business of repairOperations; anything else is tried again in the next round.
      if (!isGone(error)) continue;
    }
  }
  return commands.length;
}

/** Decisions that were committed but whose signal was lost are announced again. */
export async function announceDecisions({ db }: ReconciliationTools, client: Client): Promise<number> {
  const decisions = await unannouncedDecisions(db, giveTheApiMs);
  for (const decision of decisions) {
    await client.workflow.getHandle(decision.workflow_id).signal('approval', { decisionId: decision.id });
  }
  return decisions.length;
}
