import { setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import type { CommandRow } from '../../activities/config-rollout/types.ts';
import type { ConfigCommandKind } from '../../contracts/config-rollout.ts';
import { decideCommand } from '../../domain/config-rollout/commands.ts';
import { announce, noteStrange } from '../shared/announcements.ts';
import { writeDownAttempts } from '../shared/attempts.ts';
import { fail } from '../shared/failure.ts';
import { stuckAttribute } from '../shared/search-attributes.ts';
import { isShortText, isUlid } from '../shared/shape.ts';
import { records, whenUnbelieved } from './hands.ts';
import { approvalSignal, commandUpdate, stateQuery, stuckSignal, type CommandAnswer } from './messages.ts';
import { show, tell, type Run } from './run.ts';

/** Connects the messages of a rollout. Anyone can type them into the Temporal UI, so nothing in them is believed. */
export function listen(run: Run): void {
  const { operationId } = run.input;
  setHandler(stateQuery, () => run.state, { description: 'The full live state of the rollout' });
  setHandler(commandUpdate, ({ commandId }) => obey(run, commandId), {
    validator: refuseBadShape,
    description: 'Carries out a command that the API has recorded. Use: holdfast config pause|resume|abort …',
  });
  setHandler(approvalSignal, (message: unknown) => announce(run.heard, message), {
    description: 'Announces a decision that the API has recorded. Use: holdfast config approve|reject …',
  });
  setHandler(stuckSignal, (message: unknown) => noteStuck(run, message), {
    description: 'Sent by the worker when an activity keeps failing or works again',
  });
  whenUnbelieved((step) => noteStrange(run.heard, `activity result of ${step} that cannot be read`));
  writeDownAttempts(run.heard, (hearing) => records.hearAnnouncements({ operationId, ...hearing }));
}

function refuseBadShape(message: unknown): void {
  if (isUlid((message as { commandId?: unknown } | null | undefined)?.commandId)) return;
  fail(
    'invalid-input',
    'commandId must be the id of a recorded command; use the CLI or the API to give commands',
  );
}

async function obey(run: Run, commandId: string): Promise<CommandAnswer> {
  const { operationId } = run.input;
  const row = await records.readCommand({ operationId, commandId });
  if (row === null) {
    noteStrange(run.heard, 'update command that names no recorded command');
    return { state: 'refused', answer: 'no such command was recorded for this operation' };
  }
  if (row.state !== 'pending') return { state: row.state, answer: row.answer ?? '' };
  // Decision and effect happen without an await between them, so two commands never see the same state.
  const decision = decideCommand(run.state, { ...row, kind: row.kind as ConfigCommandKind });
  if (decision.accepted) {
    apply(run, row);
    const summary = `${row.by}: ${decision.answer}`;
    await tell(run, `command.${row.kind}`, summary, { commandId, reason: row.reason });
  }
  const state = decision.accepted ? 'accepted' : 'refused';
  return records.settleCommand({ operationId, commandId, state, answer: decision.answer });
}

function apply(run: Run, row: CommandRow): void {
  switch (row.kind as ConfigCommandKind) {
    case 'pause':
      run.state = { ...run.state, isPaused: true };
      break;
    case 'resume':
      run.state = { ...run.state, isPaused: false };
      break;
    case 'skip-bake':
      run.wish.skipBake = true;
      break;
    case 'abort':
      run.wish.abort = {
        outcome: row.cause === 'superseded' ? 'superseded' : 'aborted',
        reason: `${row.by}: ${row.reason ?? 'no reason given'}`,
      };
      break;
  }
  run.wish.changed = true;
  run.state = { ...run.state, revision: run.state.revision + 1 };
  show(run);
}

function noteStuck(run: Run, message: unknown): void {
  const note = (message as { note?: unknown } | null | undefined)?.note ?? null;
  if (note !== null && !isShortText(note)) return;
  if (run.stuck === note) return;
  run.stuck = note;
  upsertSearchAttributes([{ key: stuckAttribute, value: note }]);
  show(run);
}
