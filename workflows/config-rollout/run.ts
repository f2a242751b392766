import { CancellationScope, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type {
  ConfigRolloutInput,
  ConfigRolloutOutcome,
  ConfigRolloutPhase,
  ConfigRolloutState,
} from '../../contracts/config-rollout.ts';
import type { BakeState } from '../../domain/config-rollout/bake.ts';
import { configDetails, configSummary } from '../../domain/config-rollout/texts.ts';
import { noAnnouncements, type Announcements } from '../shared/announcements.ts';
import { phaseAttribute, waitingForAttribute } from '../shared/search-attributes.ts';
import { records } from './hands.ts';

/** How a rollout is asked to end before its plan does. */
export interface Ending {
  readonly outcome: Exclude<ConfigRolloutOutcome, 'completed'>;
  readonly reason: string;
}

/** Everything one rollout knows while it runs. Handlers set wishes, the story reads them. */
export interface Run {
  readonly input: ConfigRolloutInput;
  state: ConfigRolloutState;
  /** The number of its order; 0 before the first wave. */
  sequence: number;
  /** How many proxies the wave that was ordered last has. */
  proxies: number;
  /** The newest wave that was ordered; -1: no proxy was touched. */
  ordered: number;
  bake: BakeState;
  /** Wishes of people, taken by the story when it next looks. */
  wish: { abort: Ending | null; skipBake: boolean; changed: boolean };
  heard: Announcements;
  stuck: string | null;
  seq: number;
}

export function openRun(input: ConfigRolloutInput): Run {
  return {
    input,
    state: {
      ...{ phase: 'starting', revision: 0, wave: -1, counts: null, waitingFor: null, isPaused: false },
      ...{ gate: null, lastCheck: null, outcome: null, reason: null },
    },
    ...{ sequence: 0, proxies: 0, ordered: -1, bake: noBake },
    wish: { abort: null, skipBake: false, changed: false },
    heard: noAnnouncements(),
    ...{ stuck: null, seq: 0 },
  };
}

export const noBake: BakeState = { elapsedMs: 0, failures: 0 };

/** Moves to another phase: every transition is a new revision, so that older commands are stale. */
export function enter(run: Run, phase: ConfigRolloutPhase, change: Partial<ConfigRolloutState> = {}): void {
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
  setCurrentDetails(configDetails(run.state, run.input.plan, { ...run.input, stuck: run.stuck }));
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
  await CancellationScope.nonCancellable(() => records.recordConfigEvent(event));
}

export function summaryOf(run: Run): string {
  return configSummary(run.state, run.input.plan, run.input);
}
