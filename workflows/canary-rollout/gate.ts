import type { GateView } from '../../activities/canary-rollout/types.ts';
import { gateEnding, newAnswers } from '../../domain/approval/gate-news.ts';
import { watchUntil } from './attention.ts';
import { records } from './hands.ts';
import { enter, lostEnding, show, tell, type Ending, type Run, type Step } from './run.ts';

type Gate = NonNullable<Step['gate']>;

/** Waits for a person where the plan has a gate. Judging goes on meanwhile. Answers how the rollout has to end, or null. */
export async function passGate(run: Run, index: number, step: Step): Promise<Ending | null> {
  if (step.gate === null) return null;
  const view = await records.openGate({
    operationId: run.input.operationId,
    step: index,
    evidence: run.state.lastCheck,
  });
  enter(run, 'waiting-for-approval', { gate: shownOf(step.gate, view), waitingFor: 'approval' });
  const { subject, gateId, deadline } = view;
  await tell(run, 'gate.opened', `waits for approval until ${deadline}`, { step: index, subject, gateId });
  const ending = await think(run, index, step.gate, view);
  run.state = { ...run.state, gate: null, waitingFor: null };
  return ending;
}

/** The rows say where the gate stands: a signal only makes it look, and time is that of the database. */
async function think(run: Run, index: number, gate: Gate, opened: GateView): Promise<Ending | null> {
  let told: GateView = { ...opened, answers: [], level: 0, overdue: 0 };
  let view = opened;
  let lookAt = Date.now() + view.lookInMs;
  for (;;) {
    if (run.wish.abort !== null) return run.wish.abort;
    run.wish.changed = false;
    if (view !== told) {
      showGate(run, gate, view);
      await tellNews(run, index, gate, told, view);
      const end = endOf(view);
      if (end !== null) return end.ending;
      told = view;
    }
    const left = Math.max(1, lookAt - Date.now());
    const seen = await watchUntil(run, null, () => run.wish.changed || run.heard.isAnswered, left);
    switch (seen.kind) {
      case 'failed':
        return { outcome: 'rolled-back', reason: seen.reason };
      case 'lost':
        return lostEnding(seen);
      case 'hold':
        await tell(run, 'hold.began', seen.reason, { why: seen.why });
        break;
      case 'timed-out':
      case 'cleared':
      case 'hold-expired':
      case 'soaked':
      case 'woken':
      case 'interrupted':
        break;
    }
    if (run.wish.abort !== null || (!run.heard.isAnswered && Date.now() < lookAt)) continue;
    run.heard.isAnswered = false;
    view = await records.lookAtGate({ operationId: run.input.operationId, gateId: opened.gateId });
    lookAt = Date.now() + view.lookInMs;
  }
}

/** How the rollout has to end at a gate that has ended; null while it waits. */
function endOf(view: GateView): { readonly ending: Ending | null } | null {
  const end = gateEnding(view);
  if (end === null) return null;
  return { ending: end.kind === 'passed' ? null : { outcome: end.kind, reason: end.reason } };
}

/** Lines of the timeline for what is new since the last look. */
async function tellNews(run: Run, step: number, gate: Gate, told: GateView, view: GateView): Promise<void> {
  const { subject, gateId } = view;
  if (view.level > told.level) {
    const who = standIns(gate, view.level).join(', ');
    const detail = { step, subject, gateId, level: view.level };
    await tell(run, 'gate.escalated', `nobody has answered yet: ${who} may approve as well`, detail);
  }
  if (view.overdue > told.overdue)
    await tell(run, 'gate.overdue', 'nobody approved in time; it stays where it is, as the plan says');
  for (const answer of newAnswers(told, view)) await tellAnswer(run, step, view, answer);
}

async function tellAnswer(
  run: Run,
  step: number,
  view: GateView,
  answer: GateView['answers'][number],
): Promise<void> {
  const { subject, gateId, missing } = view;
  const detail = { decisionId: answer.id, subject, step, gateId };
  switch (answer.decision) {
    case 'reject':
      return;
    case 'break-glass':
      run.state = { ...run.state, glassBrokenBy: answer.by };
      show(run);
      return tell(run, 'gate.broken', `GLASS BROKEN by ${answer.by}: ${answer.reason ?? ''}`, detail);
    case 'approve':
      return view.outcome === 'approved'
        ? tell(run, 'gate.approved', `approved by ${answer.by}`, detail)
        : tell(run, 'gate.answered', `${answer.by} approved; ${missing} more must`, detail);
  }
}

function showGate(run: Run, gate: Gate, view: GateView): void {
  run.state = { ...run.state, gate: shownOf(gate, view) };
  show(run);
}

function shownOf({ onTimeout, ...gate }: Gate, view: GateView): NonNullable<Run['state']['gate']> {
  const { subject, deadline, gateId: id, missing, waitsFor } = view;
  return {
    subject,
    deadline,
    onTimeout,
    id,
    missing,
    waitsFor: [...waitsFor],
    standIns: standIns(gate, view.level),
  };
}

/** The groups that may approve by now beside those that the gate asks. */
function standIns({ escalation = [] }: Pick<Gate, 'escalation'>, level: number): string[] {
  return [...new Set(escalation.slice(0, level).flatMap(({ groups }) => groups))];
}
