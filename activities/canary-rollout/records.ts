import { activityInfo } from '@temporalio/activity';
import { hearAnnouncements } from '../../db/approval/attempt.ts';
import { lookAtGate, type GateView } from '../../db/approval/gate.ts';
import * as progress from '../../db/canary-rollout/progress.ts';
import { readCommand, settleCommand } from '../../db/canary-rollout/command.ts';
import type { CanaryRolloutTools } from './index.ts';
import type { CommandRow, EventInput, OperationRef } from './types.ts';

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

    /** Which of the announced decisions are recorded; what else came is written down as an attempt. */
    hearAnnouncements(
      input: OperationRef & { ids: readonly string[]; strange: readonly string[]; hearing: number },
    ): Promise<{ known: number }> {
      return hearAnnouncements(db, { ...input, runId: runId() });
    },

    /** Where a gate stands now; its decisions count as announced. */
    lookAtGate(input: OperationRef & { gateId: string }): Promise<GateView> {
      return lookAtGate(db, input);
    },
  };
}

/** The run that asks: after a reset it is another one. */
function runId(): string {
  return activityInfo().workflowExecution?.runId ?? '';
}
