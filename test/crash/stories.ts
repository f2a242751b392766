import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CanaryPlanInput } from '../../contracts/canary-plan.ts';
import type { CanaryRollout } from '../../contracts/canary-rollout.ts';
import type { Lane } from '../support/lane.ts';

/** One of the ways a rollout goes. `steer` is what people do in it; it may be repeated and must tolerate a dead worker. */
export interface Story {
  readonly name: 'promoted' | 'rolled-back' | 'aborted';
  readonly outcome: string;
  readonly errorRate: number;
  /** Weights the canary has, in order, whatever is killed. */
  readonly weights: readonly number[];
  steer(lane: Lane, rollout: CanaryRollout): Promise<void>;
}

export const plan: CanaryPlanInput = {
  steps: [{ weight: 20, soak: '2s' }, { weight: 50, soak: '1s', gate: true }, { weight: 100 }],
  checks: { interval: '500ms', window: '3s', failureLimit: 1, minRequests: 5 },
  // The machine is shared: latency says nothing here, errors do.
  thresholds: { p95: { max: 60_000 }, p99: { max: 60_000 } },
  lease: '30s',
  drainDelay: '1s',
  warmWindow: '1s',
};

export const stories: readonly Story[] = [
  { name: 'promoted', outcome: 'promoted', errorRate: 0, weights: [0, 20, 50, 100], steer: approve },
  { name: 'rolled-back', outcome: 'rolled-back', errorRate: 0.6, weights: [0, 20, 0], steer: nothing },
  { name: 'aborted', outcome: 'aborted', errorRate: 0, weights: [0, 20, 50, 0], steer: abortAtGate },
];

export function serviceSpec() {
  return {
    name: 'shop',
    start: { runtime: 'process', command: commandOf(0) },
    traffic: { provider: 'haproxy', backend: 'web' },
    plan,
  };
}

export function commandOf(errorRate: number): string[] {
  const script = path.resolve(import.meta.dirname, '../../infra/demo/sample-service.ts');
  return [process.execPath, script, '--version', '{version}', '--error-rate', String(errorRate)];
}

async function approve(lane: Lane, { id, state }: CanaryRollout): Promise<void> {
  if (state.gate === null) return;
  await lane
    .reviewer('POST', `/canary-rollouts/${id}/decisions`, {
      decision: 'approve',
      subject: state.gate.subject,
    })
    .catch(ignoreRepeated);
}

async function abortAtGate(lane: Lane, { id, state }: CanaryRollout): Promise<void> {
  if (state.gate === null) return;
  const command = { kind: 'abort', revision: state.revision, step: state.step, reason: 'as the story goes' };
  await lane.api('POST', `/canary-rollouts/${id}/commands`, command).catch(ignoreRepeated);
}

async function nothing(): Promise<void> {
  await delay(0);
}

/** The second time the gate is passed, or decided already: that is the point. */
function ignoreRepeated(error: unknown): void {
  if (!String(error).includes(' 409 ')) throw error;
}
