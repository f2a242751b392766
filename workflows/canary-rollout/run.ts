import { CancellationScope, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { CanaryPlan } from '../../contracts/canary-plan.ts';
import type { CanaryPhase, CanaryRolloutInput, CanaryRolloutState } from '../../contracts/canary-rollout.ts';
import { rolloutDetails, rolloutSummary } from '../../domain/canary-rollout/texts.ts';
import { startWatch, type WatchState } from '../../domain/canary-rollout/watch.ts';
import { noAnnouncements, type Announcements } from '../shared/announcements.ts';
import { phaseAttribute, waitingForAttribute } from '../shared/search-attributes.ts';
import { records } from './hands.ts';

export type Step = CanaryPlan['steps'][number];

/** How a rollout is asked to end before its plan does. */
export interface Ending {
  readonly outcome:
    'aborted' | 'rejected' | 'superseded' | 'rolled-back' | 'stopped' | 'cancelled' | 'failed';
  readonly reason: string;
}

/** Everything one rollout knows while it runs. Handlers set wishes, the story reads them. */
export interface Run {
  readonly input: CanaryRolloutInput;
  state: CanaryRolloutState;
  /** Current fencing token of the target; 0 before it is acquired. */
  token: number;
  watch: WatchState;
  /** Wishes of people, taken by the story when it next looks. */
  wish: { abort: Ending | null; promote: boolean; full: boolean; paused: boolean; changed: boolean };
  heard: Announcements;
  stuck: string | null;
  seq: number;
  /** The canary is being taken off; nothing to wait for before that. */
  lowering: Promise<void> | null;
  /** What is told of the configuration that was put back; null: none was. */
  restored: string | null;
}

export function openRun(input: CanaryRolloutInput): Run {
  return {
    input,
    state: {
      phase: 'starting',
      revision: 0,
      step: -1,
      weight: 0,
      compared: input.stableVersion !== null,
      waitingFor: null,
      hold: null,
      muted: [],
      gate: null,
      lastCheck: null,
      outcome: null,
      reason: null,
    },
    token: 0,
    watch: startWatch(),
    wish: { abort: null, promote: false, full: false, paused: false, changed: false },
    heard: noAnnouncements(),
    stuck: null,
    seq: 0,
    lowering: null,
    restored: null,
  };
}

/** Moves to another phase: every transition is a new revision, so that older commands are stale. */
export function enter(run: Run, phase: CanaryPhase, change: Partial<CanaryRolloutState> = {}): void {
  const moved = phase !== run.state.phase;
  run.state = { ...run.state, waitingFor: null, ...change, phase, revision: run.state.revision + 1 };
  show(run);
  if (!moved) return;
  upsertSearchAttributes([
    { key: phaseAttribute, value: phase },
    { key: waitingForAttribute, value: run.state.waitingFor },
  ]);
}

/** Keeps the text that on-call reads in the Temporal UI current. */
export function show(run: Run): void {
  setCurrentDetails(rolloutDetails(run.state, run.input.plan, { ...run.input, stuck: run.stuck }));
}

/** Writes one line of the timeline; it is written even while the workflow is being cancelled. */
export async function tell(
  run: Run,
  type: string,
  summary: string,
  detail: Record<string, unknown> = {},
): Promise<void> {
  run.seq += 1;
  const event = { operationId: run.input.operationId, seq: run.seq, type, summary, detail, state: run.state };
  await CancellationScope.nonCancellable(() => records.recordEvent(event));
}

export function summaryOf(run: Run): string {
  return rolloutSummary(run.state, run.input.plan, run.input);
}

/** The watch could not keep the lease: somebody or something took the canary off already. */
export function lostEnding(lost: { readonly cause: string; readonly reason: string }): Ending {
  return { outcome: lost.cause === 'stopped' ? 'stopped' : 'rolled-back', reason: lost.reason };
}
