import { setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import type { CommandRow } from '../../activities/canary-rollout/types.ts';
import type { CanaryCommandKind } from '../../contracts/canary-rollout.ts';
import { decideCommand } from '../../domain/canary-rollout/commands.ts';
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
  setHandler(stateQuery, () => run.state, { description: 'The full live state of the rollout' });
  setHandler(commandUpdate, ({ commandId }) => obey(run, commandId), {
    validator: refuseBadShape,
    description:
      'Carries out a command that the API has recorded. Use: holdfast canary promote|pause|resume|abort …',
  });
  setHandler(approvalSignal, (message: unknown) => announce(run.heard, message), {
    description: 'Announces a decision that the API has recorded. Use: holdfast canary approve|reject …',
  });
  setHandler(stuckSignal, (message: unknown) => noteStuck(run, message), {
    description: 'Sent by the worker when an activity keeps failing or works again',
  });
  const { operationId } = run.input;
  whenUnbelieved((step) => noteStrange(run.heard, `activity result of ${step} that cannot be read`));
  writeDownAttempts(run.heard, (hearing) => records.hearAnnouncements({ operationId, ...hearing }));
}

function refuseBadShape(message: unknown): void {
  if (!isUlid((message as { commandId?: unknown } | null | undefined)?.commandId)) {
    fail(
      'invalid-input',
      'commandId must be the id of a recorded command; use the CLI or the API to give commands',
    );
  }
}

async function obey(run: Run, commandId: string): Promise<CommandAnswer> {
  const row = await records.readCommand({ operationId: run.input.operationId, commandId });
  if (row === null) {
    noteStrange(run.heard, 'update command that names no recorded command');
    return { state: 'refused', answer: 'no such command was recorded for this operation' };
  }
  if (row.state !== 'pending') return { state: row.state, answer: row.answer ?? '' };
  // Decision and effect happen without an await between them, so two commands never see the same state.
  const decided = decide(run, row);
  if (decided.state === 'accepted') {
    apply(run, row);
    await tell(run, `command.${row.kind}`, `${row.by}: ${decided.answer}`, { commandId, reason: row.reason });
  }
  return records.settleCommand({ operationId: run.input.operationId, commandId, ...decided });
}

function decide(run: Run, row: CommandRow): CommandAnswer {
  const command = {
    kind: row.kind as CanaryCommandKind,
    revision: row.revision,
    step: row.step,
    by: row.by,
    reason: row.reason,
    metric: row.metric,
    expiresAt: expiry(row),
  };
  const decision = decideCommand(run.state, run.input.plan, command);
  return { state: decision.accepted ? 'accepted' : 'refused', answer: decision.answer };
}

function apply(run: Run, row: CommandRow): void {
  const until = expiry(row);
  switch (row.kind as CanaryCommandKind) {
    case 'pause':
      run.wish.paused = true;
      break;
    case 'resume':
      run.wish.paused = false;
      break;
    case 'promote':
      run.wish.promote = true;
      break;
    case 'promote-full':
      run.wish.full = true;
      break;
    case 'abort':
      run.wish.abort = {
        outcome: row.cause === 'superseded' ? 'superseded' : 'aborted',
        reason: `${row.by}: ${row.reason ?? 'no reason given'}`,
      };
      break;
    case 'mute':
      run.state = { ...run.state, muted: [...others(run, row.metric), muteOf(row, until)] };
      break;
    case 'hold':
      run.state = { ...run.state, hold: { reason: row.reason ?? '', by: row.by, until } };
      break;
    case 'release-hold':
      run.state = { ...run.state, hold: null };
      break;
  }
  run.wish.changed = true;
  run.state = { ...run.state, revision: run.state.revision + 1 };
  show(run);
}

function others(run: Run, metric: string | null): typeof run.state.muted {
  return run.state.muted.filter((mute) => mute.metric !== metric);
}

function muteOf(row: CommandRow, until: string | null) {
  return { metric: row.metric ?? '', reason: row.reason ?? '', by: row.by, until: until ?? '' };
}

function expiry(row: CommandRow): string | null {
  return row.expiresInMs === null ? null : new Date(Date.now() + row.expiresInMs).toISOString();
}

function noteStuck(run: Run, message: unknown): void {
  const note = (message as { note?: unknown } | null | undefined)?.note ?? null;
  if (note !== null && !isShortText(note)) return;
  if (run.stuck === note) return;
  run.stuck = note;
  upsertSearchAttributes([{ key: stuckAttribute, value: note }]);
  show(run);
}
