import { watchUntil } from './attention.ts';
import { records } from './hands.ts';
import { enter, lostEnding, show, tell, type Ending, type Run, type Step } from './run.ts';

/** Waits for a person where the plan has a gate. Judging goes on meanwhile. Answers how the rollout has to end, or null. */
export async function passGate(run: Run, index: number, step: Step): Promise<Ending | null> {
  if (step.gate === null) return null;
  const deadlineAt = Date.now() + step.gate.timeoutMs;
  const deadline = new Date(deadlineAt).toISOString();
  const { subject } = await records.openGate({
    operationId: run.input.operationId,
    step: index,
    evidence: run.state.lastCheck,
  });
  enter(run, 'waiting-for-approval', {
    gate: { subject, deadline, onTimeout: step.gate.onTimeout },
    waitingFor: 'approval',
  });
  await tell(run, 'gate.opened', `waits for approval until ${deadline}`, { step: index, subject });
  const ending = await think(run, index, subject, step.gate, deadlineAt);
  run.state = { ...run.state, gate: null, waitingFor: null };
  return ending;
}

async function think(
  run: Run,
  index: number,
  subject: string,
  gate: { onTimeout: 'abort' | 'hold' },
  deadlineAt: number,
): Promise<Ending | null> {
  for (;;) {
    if (run.wish.abort !== null) return run.wish.abort;
    run.wish.changed = false;
    const answer = await nextDecision(run, index, subject);
    if (answer !== null) return answer.ending;
    const left = Math.max(1, deadlineAt - Date.now());
    const seen = await watchUntil(run, null, () => run.wish.changed || run.announced.length > 0, left);
    switch (seen.kind) {
      case 'failed':
        return { outcome: 'rolled-back', reason: seen.reason };
      case 'lost':
        return lostEnding(seen);
      case 'timed-out':
        if (gate.onTimeout === 'abort') return { outcome: 'aborted', reason: 'nobody approved in time' };
        deadlineAt = Date.now() + 24 * 3600 * 1000;
        showDeadline(run, deadlineAt);
        await tell(run, 'gate.overdue', 'nobody approved in time; it stays where it is, as the plan says');
        break;
      case 'hold':
        await tell(run, 'hold.began', seen.reason, { why: seen.why });
        break;
      case 'cleared':
      case 'hold-expired':
      case 'soaked':
      case 'woken':
      case 'interrupted':
        break;
    }
  }
}

function showDeadline(run: Run, deadlineAt: number): void {
  if (run.state.gate === null) return;
  const gate = { ...run.state.gate, deadline: new Date(deadlineAt).toISOString() };
  run.state = { ...run.state, gate };
  show(run);
}

/** Looks at announced decisions, oldest first. Only a recorded one about this very subject counts. */
async function nextDecision(
  run: Run,
  step: number,
  subject: string,
): Promise<{ ending: Ending | null } | null> {
  for (let id = run.announced.shift(); id !== undefined; id = run.announced.shift()) {
    const decision = await records.readDecision({ operationId: run.input.operationId, decisionId: id });
    if (decision === null || decision.subject !== subject) {
      await tell(
        run,
        'approval.ignored',
        'an announced decision is not recorded for this gate: it approves nothing',
        { id },
      );
      continue;
    }
    if (decision.decision === 'reject') {
      return { ending: { outcome: 'rejected', reason: `${decision.by}: ${decision.reason ?? 'rejected'}` } };
    }
    if (decision.missing > 0) {
      const more = `${decision.by} approved; ${decision.missing} more must`;
      await tell(run, 'gate.answered', more, { decisionId: id, subject, step });
      continue;
    }
    await tell(run, 'gate.approved', `approved by ${decision.by}`, { decisionId: id, subject, step });
    return { ending: null };
  }
  return null;
}
