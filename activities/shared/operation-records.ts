import { activityInfo } from '@temporalio/activity';
import { hearAnnouncements } from '../../db/approval/attempt.ts';
import { lookAtGate, type GateView } from '../../db/approval/gate.ts';
import { readCommand, settleCommand } from '../../db/command.ts';
import type { Db } from '../../db/connect.ts';
import { beginOperation, closeOperation } from '../../db/operation-progress.ts';

/** Names the operation an activity works for. */
export interface OperationRef {
  readonly operationId: string;
}

export interface CommandRow {
  readonly id: string;
  readonly kind: string;
  readonly revision: number;
  readonly step: number;
  readonly by: string;
  readonly reason: string | null;
  readonly metric: string | null;
  readonly expiresInMs: number | null;
  readonly cause: string | null;
  readonly state: 'pending' | 'accepted' | 'refused';
  readonly answer: string | null;
}

/** What every kind of operation reads and writes of its own rows; local activities, each idempotent. */
export function createOperationRecords({ db }: { readonly db: Db }) {
  return {
    async beginOperation({ operationId }: OperationRef): Promise<void> {
      await beginOperation(db, operationId, runId());
    },

    async closeOperation(input: OperationRef & { outcome: string; summary: string }): Promise<void> {
      await closeOperation(db, input.operationId, input.outcome, input.summary);
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
export function runId(): string {
  return activityInfo().workflowExecution?.runId ?? '';
}
