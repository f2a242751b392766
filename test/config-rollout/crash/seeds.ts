import type { StoryName } from './stories.ts';

/** Who is killed, and when. */
export type Moment =
  /** Of a proxy: at an effect of its apply, as `test/support/agent-fate.ts` names them. */
  | { readonly victim: 'agent'; readonly proxy: number; readonly step: string; readonly at: string }
  /** Before or after an activity, or at an activation of the workflow. */
  | { readonly victim: 'worker'; readonly name: string; readonly occurrence: number }
  /** After the row is written and before Temporal hears of it. */
  | { readonly victim: 'api-before-start' }
  | { readonly victim: 'api' | 'postgres'; readonly afterMs: number };

export interface Run {
  readonly seed: number;
  readonly story: StoryName;
  readonly moment: Moment;
  /** From the death to the new start. */
  readonly deadMs: number;
}

/** What happens in the run of a seed: the same for ever. The agent dies at each of its steps in turn. */
export function runOf(seed: number): Run {
  const chance = chanceOf(seed);
  const deadMs = Math.floor(chance() * 800);
  const turn = Math.floor(seed / 5);
  switch (seed % 5) {
    case 0:
      return { seed, ...agentRun((2 * turn) % agentMoments.length), deadMs };
    case 1:
      return { seed, ...agentRun((2 * turn + 1) % agentMoments.length), deadMs };
    case 2:
      return { seed, ...workerRun(pick(chance, workerMoments), chance), deadMs };
    case 3: {
      const story = pick(chance, anyStory);
      const isBeforeStart = turn % 4 === 0;
      if (isBeforeStart) return { seed, story, moment: { victim: 'api-before-start' }, deadMs };
      return { seed, story, moment: { victim: 'api', afterMs: Math.floor(chance() * longest) }, deadMs };
    }
    default: {
      const story = pick(chance, anyStory);
      return { seed, story, moment: { victim: 'postgres', afterMs: Math.floor(chance() * longest) }, deadMs };
    }
  }
}

export function spell({ story, moment, deadMs }: Run): string {
  const told = (() => {
    switch (moment.victim) {
      case 'agent':
        return `agent ${moment.proxy + 1} at its step ${moment.step} (${moment.at})`;
      case 'worker':
        return `worker at ${moment.name}, occurrence ${moment.occurrence}`;
      case 'api-before-start':
        return 'API between the row and the start';
      case 'api':
      case 'postgres':
        return `${moment.victim} after ${moment.afterMs} ms`;
    }
  })();
  return `story ${story}: ${told}, dead for ${deadMs} ms`;
}

/** A rollout takes about so long, in milliseconds; what is killed later dies with nothing to do, which must do no harm either. */
const longest = 4000;
const anyStory: readonly StoryName[] = [
  ...(['completed', 'completed', 'refused', 'restored', 'unhealthy', 'aborted', 'rollback'] as const),
];

interface AgentMoment {
  readonly step: string;
  readonly story: StoryName;
  /** The proxy of this wave. */
  readonly proxy: number;
  readonly at: string;
}

/** Each step of an apply, before and after its effect: forth, what is refused, what is restored, and the way back. */
const agentMoments: readonly AgentMoment[] = [
  ...moments('completed', 0, 'verify', ['before decide 1', 'after decide 1']),
  ...moments('completed', 1, 'check', ['before check 1', 'after check 1']),
  ...moments('completed', 2, 'wait', ['before wait 1']),
  ...moments('completed', 0, 'write', ['before write 1', 'after write 1']),
  ...moments('completed', 1, 'reload', ['before reload 1', 'after reload 1']),
  ...moments('completed', 2, 'prove', ['before prove 1', 'before decide 2', 'after decide 2']),
  ...moments('completed', 0, 'report', ['before report 1', 'after report 1']),
  ...moments('refused', 2, 'check', ['before check 1', 'after check 1']),
  ...moments('refused', 2, 'verdict', ['before decide 2', 'after decide 2', 'before report 1']),
  ...moments('restored', 0, 'reload', ['before reload 1', 'after reload 1', 'before decide 2']),
  ...moments('restored', 0, 'restore', ['after decide 2', 'before write 2', 'after write 2']),
  ...moments('restored', 0, 'restore', ['before reload 2', 'after reload 2', 'before decide 3']),
  ...moments('restored', 0, 'restore', ['after decide 3', 'before report 1']),
  ...moments('restored', 0, 'back', ['before decide 4', 'after decide 4', 'before decide 5']),
  ...moments('aborted', 1, 'back', ['before decide 3', 'after decide 3', 'after check 2']),
  ...moments('unhealthy', 0, 'back', ['after write 2', 'before reload 2', 'after reload 2']),
  ...moments('unhealthy', 1, 'back', ['before decide 4', 'after decide 4']),
  ...moments('rollback', 2, 'back', ['after decide 1', 'after write 1', 'after reload 1']),
];

function moments(story: StoryName, proxy: number, step: string, at: readonly string[]): AgentMoment[] {
  return at.map((effect) => ({ step, story, proxy, at: effect }));
}

function agentRun(index: number): Pick<Run, 'story' | 'moment'> {
  const { story, ...moment } = pickAt(agentMoments, index);
  return { story, moment: { victim: 'agent', ...moment } };
}

interface WorkerMoments {
  readonly story: StoryName;
  /** How often each activity runs in it. */
  readonly activities: Readonly<Record<string, number>>;
}

const always = { beginOperation: 1, ownProxies: 1, disownProxies: 1, closeOperation: 1 };

const workerMoments: readonly WorkerMoments[] = [
  {
    story: 'completed',
    activities: {
      ...{ ...always, validateRevision: 1, lookAtFreeze: 3, orderWave: 3, watchWave: 3 },
      ...{ settleEnvironment: 1, recordConfigEvent: 9, activation: 8 },
    },
  },
  { story: 'baked', activities: { bakeWave: 1, recordConfigEvent: 11 } },
  {
    story: 'refused',
    activities: { ...always, orderWave: 3, orderWaveBack: 3, watchWave: 6, activation: 14 },
  },
  { story: 'restored', activities: { orderWaveBack: 1, watchWave: 2, recordConfigEvent: 7 } },
  { story: 'unhealthy', activities: { bakeWave: 1, orderWaveBack: 2, watchWave: 4 } },
  { story: 'aborted', activities: { readCommand: 1, settleCommand: 1, orderWaveBack: 2, watchWave: 4 } },
  { story: 'rollback', activities: { ...always, orderWave: 1, watchWave: 1, settleEnvironment: 1 } },
];

function workerRun(
  { story, activities }: WorkerMoments,
  chance: () => number,
): Pick<Run, 'story' | 'moment'> {
  const [activity, times] = pick(chance, Object.entries(activities));
  const occurrence = 1 + Math.floor(chance() * times);
  const when = chance() < 0.5 ? 'before' : 'after';
  const name = activity === 'activation' ? activity : `${when} ${activity}`;
  return { story, moment: { victim: 'worker', name, occurrence } };
}

/** Mulberry32: small, and the same everywhere. */
function chanceOf(seed: number): () => number {
  let state = (seed + 1) * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick<T>(chance: () => number, from: readonly T[]): T {
  return pickAt(from, Math.floor(chance() * from.length));
}

function pickAt<T>(from: readonly T[], index: number): T {
  const found = from[index];
  if (found === undefined) throw new Error(`there is no ${index} of ${from.length}`);
  return found;
}
