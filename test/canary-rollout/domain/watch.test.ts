import { describe, expect, test } from 'vitest';
import type { CanaryPlanInput } from '../../../contracts/canary-plan.ts';
import {
  startWatch,
  watchTick,
  type Check,
  type WatchState,
  type WatchTick,
} from '../../../domain/canary-rollout/watch.ts';
import { checkOf, planOf } from './builders.ts';

const checks = { interval: '10s', window: '20s', failureLimit: 1 };
const minute = 60_000;

describe('a soak', () => {
  test('asks for a check at each interval', () => {
    const due = run({ soakMs: minute, seconds: 35 }).dueAt;

    expect(due).toEqual([10, 20, 30]);
  });

  test('ends right after a check that passed at its end', () => {
    expect(run({ soakMs: minute, seconds: 120 }).verdicts).toEqual([[60, 'soaked']]);
  });

  test('shorter than the interval ends with a check of its own', () => {
    expect(run({ soakMs: 3000, seconds: 60 }).verdicts).toEqual([[3, 'soaked']]);
  });

  test('that is no multiple of the interval ends with one more check', () => {
    const { dueAt, verdicts } = run({ soakMs: 25_000, seconds: 60 });

    expect(dueAt).toEqual([10, 20, 25]);
    expect(verdicts).toEqual([[25, 'soaked']]);
  });

  test('of no length needs one pass', () => {
    expect(run({ soakMs: 0, seconds: 5 }).verdicts).toEqual([[1, 'soaked']]);
    expect(run({ soakMs: 0, seconds: 5, judge: () => 'no-data' }).verdicts).toEqual([[1, 'hold']]);
  });

  test('does not end with a failed check; the next one that passes ends it', () => {
    const { dueAt, verdicts } = run({
      soakMs: 30_000,
      seconds: 60,
      judge: (at) => (at === 30 ? 'fail' : 'pass'),
    });

    expect(dueAt).toEqual([10, 20, 30, 40]);
    expect(verdicts).toEqual([[40, 'soaked']]);
  });
});

describe('failed checks', () => {
  test('up to the limit are forgiven, one more ends the rollout', () => {
    expect(run({ soakMs: minute, seconds: 120, judge: () => 'fail' }).verdicts).toEqual([[20, 'failed']]);
  });

  test('are told with their number and the explanation', () => {
    const { reason } = run({ soakMs: minute, seconds: 120, judge: () => 'fail' });

    expect(reason).toBe('2 checks failed, 1 are allowed: it is fail');
  });

  test('add up over the steps', () => {
    const first = run({ soakMs: minute, seconds: 70, judge: (at) => (at === 20 ? 'fail' : 'pass') });

    const next = startWatch({ failures: first.state.failures });

    expect(run({ soakMs: minute, seconds: 120, state: next, judge: () => 'fail' }).verdicts).toEqual([
      [10, 'failed'],
    ]);
  });

  test('end the rollout at once where none is allowed', () => {
    const plan: CanaryPlanInput = { checks: { ...checks, failureLimit: 0 } };

    expect(run({ plan, soakMs: minute, seconds: 120, judge: () => 'fail' }).verdicts).toEqual([
      [10, 'failed'],
    ]);
  });
});

describe('a hold', () => {
  test('is told once when it begins and once when a check passes', () => {
    const { verdicts } = run({
      soakMs: minute,
      seconds: 65,
      judge: (at) => (at >= 30 && at < 60 ? 'stable-breach' : 'pass'),
    });

    expect(verdicts).toEqual([
      [30, 'hold'],
      [60, 'cleared'],
    ]);
  });

  test('stops the soak', () => {
    const { verdicts } = run({
      soakMs: minute,
      seconds: 120,
      judge: (at) => (at >= 30 && at < 60 ? 'stable-breach' : 'pass'),
    });

    expect(verdicts.at(-1)).toEqual([90, 'soaked']);
  });

  test('expires, whatever its reasons are', () => {
    const plan: CanaryPlanInput = { checks, timeouts: { hold: '60s' } };
    const judge = (at: number): Check['verdict'] => (at % 20 === 0 ? 'stable-breach' : 'inconclusive');

    const { verdicts, reason } = run({ plan, soakMs: 5 * minute, seconds: 300, judge });

    expect(verdicts).toEqual([
      [20, 'hold'],
      [80, 'hold-expired'],
    ]);
    expect(reason).toContain('held for too long');
  });

  test('that began within the first window expires, too', () => {
    const plan: CanaryPlanInput = { checks, timeouts: { hold: '30s' } };
    const judge = (at: number): Check['verdict'] => (at === 10 ? 'stable-breach' : 'no-data');

    expect(run({ plan, soakMs: minute, seconds: 120, judge }).verdicts).toEqual([
      [10, 'hold'],
      [40, 'hold-expired'],
    ]);
  });

  test('that ended begins anew', () => {
    const plan: CanaryPlanInput = { checks, timeouts: { hold: '35s' } };
    const judge = (at: number): Check['verdict'] => (at % 40 === 0 ? 'pass' : 'metrics-error');

    const kinds = run({ plan, soakMs: 10 * minute, seconds: 200, judge }).verdicts.map(([, kind]) => kind);

    expect(kinds).not.toContain('hold-expired');
    expect(kinds.slice(0, 4)).toEqual(['hold', 'cleared', 'hold', 'cleared']);
  });

  test('because the counters cannot be read fails nothing', () => {
    const { verdicts, state } = run({ soakMs: minute, seconds: 200, judge: () => 'metrics-error' });

    expect(verdicts).toEqual([[10, 'hold']]);
    expect(state.failures).toBe(0);
  });

  test('because the stable version is bad too ends the rollout where the plan says so', () => {
    const plan: CanaryPlanInput = { checks, onStableBreach: 'abort' };

    expect(run({ plan, soakMs: minute, seconds: 120, judge: () => 'stable-breach' }).verdicts).toEqual([
      [10, 'failed'],
    ]);
  });

  test('does not hide a failing canary', () => {
    const judge = (at: number): Check['verdict'] => (at < 30 ? 'stable-breach' : 'fail');

    expect(run({ soakMs: minute, seconds: 120, judge }).verdicts).toEqual([
      [10, 'hold'],
      [40, 'failed'],
    ]);
  });
});

describe('too few requests', () => {
  test('are waited for while the first window fills', () => {
    const judge = (at: number): Check['verdict'] => (at < 20 ? 'no-data' : 'pass');

    expect(run({ soakMs: minute, seconds: 120, judge }).verdicts).toEqual([[60, 'soaked']]);
  });

  test('hold after that', () => {
    expect(run({ soakMs: minute, seconds: 60, judge: () => 'no-data' }).verdicts).toEqual([[20, 'hold']]);
  });

  test('never end a soak, however short', () => {
    const verdicts = run({
      soakMs: 5000,
      seconds: 60,
      judge: (at) => (at < 30 ? 'no-data' : 'pass'),
    }).verdicts;

    expect(verdicts).toEqual([
      [5, 'hold'],
      [35, 'soaked'],
    ]);
  });
});

describe('while people decide', () => {
  test.each(['pass', 'no-data', 'inconclusive', 'stable-breach', 'metrics-error'] as const)(
    'nothing comes back from checks that say %s',
    (verdict) => {
      expect(run({ soakMs: null, seconds: 5000, judge: () => verdict }).verdicts).toEqual([]);
    },
  );

  test('judging goes on and a failure ends the rollout', () => {
    expect(run({ soakMs: null, seconds: 60, judge: () => 'fail' }).verdicts).toEqual([[20, 'failed']]);
  });

  test('neither the soak nor a hold gets older', () => {
    const held = run({ soakMs: minute, seconds: 15, judge: () => 'stable-breach' }).state;

    const paused = run({ soakMs: null, seconds: 5000, state: held, judge: () => 'stable-breach' }).state;

    expect(paused).toMatchObject({
      soakedMs: held.soakedMs,
      holdingMs: held.holdingMs,
      holding: 'stable-breach',
    });
  });

  test('the state tells whether it holds', () => {
    const judge = (at: number): Check['verdict'] => (at < 100 ? 'stable-breach' : 'pass');

    expect(run({ soakMs: null, seconds: 95, judge }).state.holding).toBe('stable-breach');
    expect(run({ soakMs: null, seconds: 105, judge }).state.holding).toBeNull();
  });
});

test('a killed watch goes on where its heartbeat left off', () => {
  const half = run({ soakMs: minute, seconds: 35 });
  const kept = JSON.parse(JSON.stringify(half.state)) as WatchState;

  expect(run({ soakMs: minute, seconds: 60, state: kept }).verdicts).toEqual([[25, 'soaked']]);
});

interface Run {
  readonly plan?: CanaryPlanInput;
  readonly soakMs: number | null;
  readonly seconds: number;
  readonly state?: WatchState;
  /** What the judge says at a second of the run. */
  readonly judge?: (second: number) => Check['verdict'];
}

/** Ticks once a second, as the activity does; goes on after `hold` and `cleared`, as the workflow does. */
function run({ plan = { checks }, soakMs, seconds, state = startWatch(), judge = () => 'pass' }: Run) {
  const frozen = planOf(plan);
  const dueAt: number[] = [];
  const verdicts: [number, string][] = [];
  let reason = '';
  for (let second = 1; second <= seconds; second += 1) {
    let tick = watchTick(frozen, { soakMs }, state, { elapsedMs: 1000, check: null, metricsError: null });
    if (tick.checkDue) {
      dueAt.push(second);
      tick = ask(frozen, soakMs, tick.state, judge(second));
    }
    state = tick.state;
    if (tick.verdict === null) continue;
    verdicts.push([second, tick.verdict.kind]);
    if ('reason' in tick.verdict) reason = tick.verdict.reason;
    if (['soaked', 'failed', 'hold-expired'].includes(tick.verdict.kind)) break;
  }
  return { dueAt, verdicts, state, reason };
}

function ask(
  plan: ReturnType<typeof planOf>,
  soakMs: number | null,
  state: WatchState,
  verdict: Check['verdict'],
): WatchTick {
  const isLost = verdict === 'metrics-error';
  const facts = {
    elapsedMs: 0,
    check: isLost ? null : checkOf(verdict),
    metricsError: isLost ? 'no counters' : null,
  };
  return watchTick(plan, { soakMs }, state, facts);
}
