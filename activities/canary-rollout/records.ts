import { activityInfo } from '@temporalio/activity';
import * as gates from '../../db/canary-rollout/gate.ts';
import * as progress from '../../db/canary-rollout/progress.ts';
import { readCommand, settleCommand } from '../../db/canary-rollout/command.ts';
import type { CanaryRolloutTools } from './index.ts';
import type { CommandRow, DecisionRow, EventInput, OperationRef } from './types.ts';

export function createRecords({ db }: Pick<CanaryRolloutTools, 'db'>) {
  return {
    async beginOperation({ operationId }: OperationRef): Promise<void> {
      await progress.beginOperation(db, operationId, runId());
    },

    async recordEvent({ state, ...event }: EventInput): Promise<void> {
      await progress.recordEvent(db, event, runId(), state);
    },

    /** A line of a rollback's timeline: it has no rollout state. */
    async recordRollback(
      event: OperationRef & { seq: number; type: string; summary: string },
    ): Promise<void> {
      await progress.recordEvent(db, { ...event, detail: {} }, runId(), null);
    },

    async closeOperation(input: OperationRef & { outcome: string; summary: string }): Promise<void> {
      await progress.closeOperation(db, input.operationId, input.outcome, input.summary);
    },

    /** The recorded command, or null: what was typed by hand names nothing. */
    readCommand(input: OperationRef & { commandId: string }): Promise<CommandRow | null> {
      return readCommand(db, input.operationId, input.commandId);
    },

    settleCommand(
      input: OperationRef & { commandId: string; state: 'accepted' | 'refused'; answer: string },
    ) {
      return settleCommand(db, input);
    },

    /** The recorded decision, or null; reading it acknowledges the announcement. */
    async readDecision(input: OperationRef & { decisionId: string }): Promise<DecisionRow | null> {
      const row = await gates.readDecision(db, input.operationId, input.decisionId);
      if (row === undefined) return null;
      await gates.acknowledgeDecision(db, row.id);
      const standing = await gates.standingAt(db, { operationId: input.operationId, subject: row.subject });
      return {
        id: row.id,
        subject: row.subject,
        decision: row.decision,
        by: row.decided_by,
        reason: row.reason,
        missing: standing?.kind === 'open' ? standing.missing : 0,
      };
    },
  };
}

/** The run that asks: after a reset it is another one. */
function runId(): string {
  return activityInfo().workflowExecution?.runId ?? '';
}
