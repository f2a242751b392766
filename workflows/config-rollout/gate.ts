import { condition } from '@temporalio/workflow';
import type { GateView } from '../../activities/config-rollout/types.ts';
import type { ConfigPlan } from '../../contracts/config-plan.ts';
import { gateEnding, newAnswers } from '../../domain/approval/gate-news.ts';
import { records } from './hands.ts';
import { enter, show, tell, type Ending, type Run } from './run.ts';

type Approval = NonNullable<ConfigPlan['waves'][number]['approval']>;

/** Waits for people where the plan asks them before a wave. Answers how the rollout has to end, or null. */
export async function passWaveGate(run: Run, wave: number): Promise<Ending | null> {
  const approval = run.input.plan.waves[wave]?.approval ?? null;
  if (approval === null) return null;
  const { operationId } = run.input;
  const view = await records.openWaveGate({ operationId, wave, evidence: run.state.lastCheck });
  enter(run, 'waiting-for-approval', { gate: shownOf(approval, view), waitingFor: 'approval' });
  const { subject, gateId, deadline } = view;
  const detail = { wave, subject, gateId };
  await tell(run, 'gate.opened', `wave ${wave + 1} waits for approval until ${deadline}`, detail);
  const ending = await think(run, wave, approval, view);
  run.state = { ...run.state, gate: null, waitingFor: null };
  return ending;
}

/** The rows say where the gate stands: a signal only makes it look, and time is that of the database. */
async function think(run: Run, wave: number, approval: Approval, opened: GateView): Promise<Ending | null> {
  let told: GateView = { ...opened, answers: [], overdue: 0 };
  let view = opened;
  for (;;) {
    if (run.wish.abort !== null) return run.wish.abort;
    run.state = { ...run.state, gate: shownOf(approval, view) };
    show(run);
    await tellNews(run, wave, told, view);
    const end = gateEnding(view);
    if (end !== null) return end.kind === 'passed' ? null : { outcome: end.kind, reason: end.reason };
    told = view;
    await condition(() => run.heard.isAnswered || run.wish.abort !== null, Math.max(1, view.lookInMs));
    run.heard.isAnswered = false;
    view = await records.lookAtGate({ operationId: run.input.operationId, gateId: opened.gateId });
  }
}

async function tellNews(run: Run, wave: number, told: GateView, view: GateView): Promise<void> {
  const { subject, gateId, missing } = view;
  if (view.overdue > told.overdue)
    await tell(run, 'gate.overdue', 'nobody approved in time; it stays where it is, as the plan says');
  for (const { id, by, decision, reason } of newAnswers(told, view)) {
    const detail = { decisionId: id, subject, wave, gateId };
    switch (decision) {
      case 'reject':
        break;
      case 'break-glass':
        await tell(run, 'gate.broken', `GLASS BROKEN by ${by}: ${reason ?? ''}`, detail);
        break;
      case 'approve':
        if (view.outcome === 'approved') await tell(run, 'gate.approved', `approved by ${by}`, detail);
        else await tell(run, 'gate.answered', `${by} approved; ${missing} more must`, detail);
        break;
    }
  }
}

function shownOf({ onTimeout }: Approval, view: GateView): NonNullable<Run['state']['gate']> {
  const { gateId: id, subject, deadline, missing, waitsFor } = view;
  return { id, subject, deadline, onTimeout, missing, waitsFor: [...waitsFor] };
}
