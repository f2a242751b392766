import type { ConfigPlanInput } from '../../../contracts/config-plan.ts';
import type { ConfigRolloutOutcome } from '../../../contracts/config-rollout.ts';
import type { documentOf } from './documents.ts';

export const storyNames = [
  'completed',
  'baked',
  'refused',
  'restored',
  'unhealthy',
  'aborted',
  'rollback',
] as const;
export type StoryName = (typeof storyNames)[number];

/** A way in which a rollout over three waves of one proxy each goes, whatever is killed. */
export interface Story {
  readonly outcome: ConfigRolloutOutcome;
  /** How many waves are ordered; all of those go back unless it is completed. */
  readonly waves: number;
  /** What of the document is bad. */
  readonly fault?: Partial<Parameters<typeof documentOf>[0]>;
  readonly plan: ConfigPlanInput;
  /** The wave in whose bake a person aborts it. */
  readonly abortAt?: number;
}

/** Where somebody else listens on the address of the last proxy. */
interface Ports {
  readonly port: number;
  readonly heldPort: number;
}

/** More than any system lets a process open: HAProxy says that the file is valid, and does not load it. */
const tooMany = 1_000_000;

export function storyOf(name: StoryName, { port, heldPort }: Ports): Story {
  const plan = planOf(port);
  switch (name) {
    case 'completed':
      return { outcome: 'completed', waves: 3, plan };
    case 'baked':
      return { outcome: 'completed', waves: 3, plan: planOf(port, { eu: '300ms' }) };
    case 'refused':
      return { outcome: 'rolled-back', waves: 3, fault: { alsoAt: heldPort }, plan };
    case 'restored':
      return { outcome: 'rolled-back', waves: 1, fault: { connections: tooMany }, plan };
    case 'unhealthy':
      return { outcome: 'rolled-back', waves: 2, fault: { health: 503 }, plan: planOf(port, { us: '1m' }) };
    case 'aborted':
      return { outcome: 'aborted', waves: 2, plan: planOf(port, { us: '10m' }), abortAt: 1 };
    case 'rollback':
      return { outcome: 'completed', waves: 1, plan };
  }
}

/** Nothing but what the story is about ends it: whoever was killed has a minute to be back. */
function planOf(port: number, { eu = '0', us = '0' }: { eu?: string; us?: string } = {}): ConfigPlanInput {
  return {
    waves: [
      { regions: ['eu'], bake: eu },
      { regions: ['us'], bake: us },
    ],
    rest: { bake: '0' },
    checks: { interval: '1s', failureLimit: 0, probe: { port, path: '/health' } },
    apply: '1m',
    partition: { policy: 'wait', after: '1m' },
  };
}
