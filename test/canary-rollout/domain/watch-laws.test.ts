import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  startWatch,
  watchTick,
  type Check,
  type WatchState,
  type WatchTick,
} from '../../../domain/canary-rollout/watch.ts';
import { checkOf, planOf } from './builders.ts';

const verdict = fc.constantFrom<Check['verdict']>(
  'pass',
  'pass',
  'fail',
  'stable-breach',
  'inconclusive',
  'no-data',
  'metrics-error',
);
const plan = fc
  .record({
    interval: fc.integer({ min: 1, max: 20 }),
    window: fc.integer({ min: 1, max: 60 }),
    hold: fc.integer({ min: 1, max: 60 }),
    failureLimit: fc.nat({ max: 4 }),
  })
  .map(({ interval, window, hold, failureLimit }) =>
    planOf({
      checks: { interval: `${interval}s`, window: `${window}s`, failureLimit },
      timeouts: { hold: `${hold}s` },
    }),
  );
/** Milliseconds of ticks; what the judge says depends on the time, so that runs with other ticks can be compared. */
const ticks = fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 120 });
const says = fc.array(verdict, { minLength: 50, maxLength: 50 });
const soakMs = fc.option(fc.integer({ min: 0, max: 120_000 }), { nil: null });

test('a soak never ends without a pass at or after its end', () => {
  fc.assert(
    fc.property(plan, ticks, says, soakMs, (somePlan, someTicks, answers, soak) => {
      for (const { tick, said } of walk(somePlan, soak, someTicks, answers)) {
        if (tick.verdict?.kind !== 'soaked') continue;
        expect(said).toBe('pass');
        expect(tick.state.soakedMs).toBeGreaterThanOrEqual(soak ?? Infinity);
      }
    }),
  );
});

test('soaked time only grows, and never faster than real time', () => {
  fc.assert(
    fc.property(plan, ticks, says, soakMs, (somePlan, someTicks, answers, soak) => {
      let before = 0;
      for (const { tick, elapsedMs } of walk(somePlan, soak, someTicks, answers)) {
        const grown = tick.state.soakedMs - before;
        expect(grown).toBeGreaterThanOrEqual(0);
        expect(grown).toBeLessThanOrEqual(soak === null ? 0 : elapsedMs);
        before = tick.state.soakedMs;
      }
    }),
  );
});

test('it fails exactly when more checks failed than the plan allows', () => {
  fc.assert(
    fc.property(plan, ticks, says, soakMs, (somePlan, someTicks, answers, soak) => {
      let failures = 0;
      for (const { tick, said } of walk(somePlan, soak, someTicks, answers)) {
        if (said === 'fail') failures += 1;
        expect(tick.state.failures).toBe(failures);
        expect(tick.verdict?.kind === 'failed').toBe(
          said === 'fail' && failures > somePlan.checks.failureLimit,
        );
      }
    }),
  );
});

test('hold and cleared take turns, and a hold expires only after its time', () => {
  fc.assert(
    fc.property(plan, ticks, says, soakMs, (somePlan, someTicks, answers, soak) => {
      let isHeld = false;
      for (const { tick } of walk(somePlan, soak, someTicks, answers)) {
        switch (tick.verdict?.kind) {
          case 'hold':
            expect(isHeld).toBe(false);
            isHeld = true;
            break;
          case 'cleared':
            expect(isHeld).toBe(true);
            isHeld = false;
            break;
          case 'hold-expired':
            expect(isHeld).toBe(true);
            expect(tick.state.holdingMs).toBeGreaterThanOrEqual(somePlan.timeouts.holdMs);
            break;
          case 'soaked':
          case 'failed':
          case undefined:
            break;
        }
      }
    }),
  );
});

test('while people decide, only a failure comes back', () => {
  fc.assert(
    fc.property(plan, ticks, says, (somePlan, someTicks, answers) => {
      for (const { tick } of walk(somePlan, null, someTicks, answers)) {
        expect([undefined, 'failed']).toContain(tick.verdict?.kind);
      }
    }),
  );
});

test('time that passes in many ticks is time that passes in one', () => {
  const parts = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 20 });
  const state = fc.record({
    holding: fc.constantFrom(null, 'no-data' as const),
    soakedMs: fc.nat(60_000),
    sinceCheckMs: fc.nat(5000),
  });
  fc.assert(
    fc.property(plan, parts, state, soakMs, (somePlan, some, start, soak) => {
      const quiet = (before: WatchState, elapsedMs: number): WatchTick =>
        watchTick(somePlan, { soakMs: soak }, before, { elapsedMs, check: null, metricsError: null });

      const stepwise = some.reduce((before, ms) => quiet(before, ms).state, startWatch(start));
      const atOnce = quiet(
        startWatch(start),
        some.reduce((sum, ms) => sum + ms, 0),
      );

      expect(quiet(stepwise, 0)).toEqual(atOnce);
    }),
  );
});

test('its memory survives JSON', () => {
  fc.assert(
    fc.property(plan, ticks, says, soakMs, (somePlan, someTicks, answers, soak) => {
      for (const { tick } of walk(somePlan, soak, someTicks, answers)) {
        expect(JSON.parse(JSON.stringify(tick.state))).toEqual(tick.state);
      }
    }),
  );
});

test('a check is asked for only when it is due, and at least each interval', () => {
  fc.assert(
    fc.property(plan, ticks, says, soakMs, (somePlan, someTicks, answers, soak) => {
      let sinceMs = 0;
      for (const { tick, elapsedMs, said } of walk(somePlan, soak, someTicks, answers)) {
        sinceMs = said === null ? sinceMs + elapsedMs : 0;
        if (!tick.checkDue) expect(sinceMs).toBeLessThan(somePlan.checks.intervalMs);
        if (tick.verdict !== null) return;
      }
    }),
  );
});

interface Walked {
  readonly tick: WatchTick;
  readonly elapsedMs: number;
  /** What the judge was asked for in this tick. */
  readonly said: Check['verdict'] | null;
}

/** Each tick of a watch until an end; every answer is about the time of the tick, not about its number. */
function walk(
  somePlan: ReturnType<typeof planOf>,
  soak: number | null,
  someTicks: number[],
  answers: Check['verdict'][],
): Walked[] {
  const walked: Walked[] = [];
  let state = startWatch();
  let checkDue = false;
  let nowMs = 0;
  for (const elapsedMs of someTicks) {
    nowMs += elapsedMs;
    const said = checkDue ? (answers[Math.floor(nowMs / 5000) % answers.length] ?? 'pass') : null;
    const tick = watchTick(somePlan, { soakMs: soak }, state, {
      elapsedMs,
      check: said === null || said === 'metrics-error' ? null : checkOf(said),
      metricsError: said === 'metrics-error' ? 'no counters' : null,
    });
    walked.push({ tick, elapsedMs, said });
    ({ state, checkDue } = tick);
    if (['soaked', 'failed', 'hold-expired'].includes(tick.verdict?.kind ?? '')) break;
  }
  return walked;
}
