import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WaveCounts } from '../../../contracts/config-rollout.ts';
import { bakeTick, dataGraceMs, type WaveFacts } from '../../../domain/config-rollout/bake.ts';
import { freezePlan } from '../../../domain/config-rollout/plan.ts';
import { wayBackVerdict, waveVerdict } from '../../../domain/config-rollout/wave-progress.ts';

const plan = freezePlan({
  checks: {
    ...{ errorRate: { max: 5, maxIncrease: 2 }, refusedRate: { maxIncrease: 2 } },
    ...{ p95: { max: 200 }, failureLimit: 1 },
  },
});
const nothing = { requests: 0, errors: 0, refused: 0, latency: {} };
const calm = { requests: 1000, errors: 1, refused: 5, latency: { 40: 1000 } };

function counts(changes: Partial<WaveCounts> = {}): WaveCounts {
  return { proxies: 10, proven: 10, pending: 0, failed: 0, silent: 0, ...changes };
}

function facts(changes: Partial<WaveFacts> = {}): WaveFacts {
  return {
    counts: counts(),
    now: calm,
    before: nothing,
    topError: null,
    withoutData: 0,
    requests: 1000,
    probeFaults: [],
    ...changes,
  };
}

function look(
  changes: Partial<WaveFacts>,
  { elapsedMs = 1000, failures = 0, bakeMs = 60_000, of = plan } = {},
) {
  return bakeTick(of, { bakeMs, elapsedMs, failures }, facts(changes));
}

describe('a wave that bakes', () => {
  test.each<[string, Partial<WaveFacts>, 'pass' | 'fail' | 'wait']>([
    ['is calm', {}, 'pass'],
    ['gets no requests, and says so', { now: nothing }, 'pass'],
    ['has errors far above the limit', { now: { ...calm, errors: 300 } }, 'fail'],
    [
      'has one error among ten requests, which proves nothing',
      { now: { requests: 10, errors: 1, refused: 0, latency: { 40: 10 } } },
      'pass',
    ],
    ['has more errors than before, within the limit', { now: { ...calm, errors: 45 }, before: calm }, 'fail'],
    [
      'has as many errors as before',
      { now: { ...calm, errors: 45 }, before: { ...calm, errors: 40 } },
      'pass',
    ],
    ['refuses requests that were taken before', { now: { ...calm, refused: 100 }, before: calm }, 'fail'],
    [
      'refuses as many requests as before',
      { now: { ...calm, refused: 100 }, before: { ...calm, refused: 95 } },
      'pass',
    ],
    ['is slow', { now: { ...calm, latency: { 130: 1000 } } }, 'fail'],
    ['has a proxy whose probe fails', { probeFaults: ['edge-1: HTTP 503'] }, 'fail'],
    ['has a proxy that is not proven any more', { counts: counts({ proven: 9, pending: 1 }) }, 'fail'],
    ['has a proxy that fell silent', { counts: counts({ proven: 9, silent: 1 }) }, 'fail'],
    ['has a proxy that sends no counts', { withoutData: 1 }, 'wait'],
  ])('%s', (_, changes, verdict) => {
    expect(look(changes).check.verdict).toBe(verdict);
  });

  test('errors are told with what most of them have in common', () => {
    const topError = { signature: '503 shop sC', count: 290, example: 'GET /cart on web, server s1' };
    const { explanation } = look({ now: { ...calm, errors: 300 }, topError }).check;

    expect(explanation).toBe(
      'the error rate is 30 % (300 of 1000 requests), above the limit of 5 %; mostly 503 shop sC (290), as GET /cart on web, server s1',
    );
  });

  test('as many failed checks in a row as the plan lets pass are let pass', () => {
    const bad = { now: { ...calm, errors: 300 } };
    expect(look(bad)).toMatchObject({ verdict: 'bake', state: { failures: 1 } });
    expect(look(bad, { failures: 1 })).toMatchObject({ verdict: 'failed' });
    expect(look({}, { failures: 1 })).toMatchObject({ verdict: 'bake', state: { failures: 0 } });
  });

  test('a proxy that does not run it any more fails it at once', () => {
    expect(look({ counts: counts({ proven: 9, failed: 1 }) })).toMatchObject({ verdict: 'failed' });
  });

  test('ends only with a check that passes; missing data fails it in the end', () => {
    const over = { elapsedMs: 60_000, failures: 0 };
    expect(look({}, over)).toMatchObject({ verdict: 'baked' });
    expect(look({ withoutData: 1 }, over)).toMatchObject({ verdict: 'bake' });
    expect(look({ withoutData: 1 }, { ...over, elapsedMs: 60_000 + dataGraceMs }).verdict).toBe('failed');
  });

  test('takes as many requests as the plan wants, counted since it is live', () => {
    const of = freezePlan({ checks: { minRequests: 500 } });
    const over = { elapsedMs: 60_000, of };
    expect(look({ now: nothing, requests: 500 }, over)).toMatchObject({ verdict: 'baked' });
    expect(look({ requests: 499 }, over)).toMatchObject({ verdict: 'bake' });
    expect(look({ requests: 499 }, { ...over, elapsedMs: 60_000 + dataGraceMs }).verdict).toBe('failed');
  });

  test('silence within the budget of a plan that proceeds is no fault', () => {
    const of = { ...plan, partition: { policy: 'proceed' as const, afterMs: 1000, budgetPercent: 20 } };
    expect(look({ counts: counts({ proven: 8, silent: 2 }) }, { of }).check.verdict).toBe('pass');
    expect(look({ counts: counts({ proven: 7, silent: 3 }) }, { of }).check.verdict).toBe('fail');
  });

  test('without data and with too few requests no bake of any length passes', () => {
    fc.assert(
      fc.property(
        fc.nat(200_000),
        fc.nat(5),
        fc.integer({ min: 1, max: 10 }),
        (elapsedMs, failures, withoutData) => {
          expect(look({ withoutData }, { elapsedMs, failures }).verdict).not.toBe('baked');
        },
      ),
    );
  });
});

describe('a wave under way', () => {
  const partition = (policy: 'wait' | 'proceed' | 'abort', budgetPercent = 0) => ({
    ...plan,
    partition: { policy, afterMs: 1000, budgetPercent },
  });

  test.each([
    ['all proven', plan, {}, 0, 'proven'],
    ['nobody in it', plan, { proxies: 0, proven: 0 }, 0, 'proven'],
    ['one pending', plan, { proven: 9, pending: 1 }, 0, 'wait'],
    ['one pending for too long', plan, { proven: 9, pending: 1 }, 120_000, 'failed'],
    ['one refuses', plan, { proven: 9, failed: 1 }, 0, 'failed'],
    [
      'one refuses and others are silent',
      partition('wait'),
      { proven: 7, failed: 1, silent: 2 },
      0,
      'failed',
    ],
    ['silent ones are waited for', partition('wait'), { proven: 9, silent: 1 }, 1e9, 'wait'],
    ['silent ones end it', partition('abort'), { proven: 9, silent: 1 }, 0, 'failed'],
    ['silent ones within the budget', partition('proceed', 10), { proven: 9, silent: 1 }, 0, 'proven'],
    ['silent ones beyond the budget', partition('proceed', 10), { proven: 8, silent: 2 }, 0, 'failed'],
    [
      'all are silent, whatever the budget',
      partition('proceed', 100),
      { proven: 0, silent: 10 },
      0,
      'failed',
    ],
  ] as const)('%s', (_, of, changes, elapsedMs, kind) => {
    expect(waveVerdict(of, counts(changes), elapsedMs).kind).toBe(kind);
  });

  test.each([
    ['all back', {}, 0, 'proven'],
    ['silent ones are not waited for', { proven: 4, silent: 6 }, 0, 'proven'],
    ['pending ones are', { proven: 9, pending: 1 }, 0, 'wait'],
    ['not for ever', { proven: 9, pending: 1 }, 120_000, 'failed'],
    ['one that did not take it is named', { proven: 9, failed: 1 }, 120_000, 'failed'],
  ] as const)('on the way back: %s', (_, changes, elapsedMs, kind) => {
    expect(wayBackVerdict(counts(changes), elapsedMs, 120_000).kind).toBe(kind);
  });
});
