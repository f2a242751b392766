import { describe, expect, test } from 'vitest';
import { judge } from '../../../domain/canary-rollout/judge.ts';
import { bucketOf, question } from './builders.ts';

const well = { requests: 900 };

test('a canary within all limits passes, with figures', () => {
  const check = judge(question({ canary: { requests: 100 }, stable: well }));

  expect(check).toMatchObject({ verdict: 'pass', canaryRequests: 100, stableRequests: 900 });
  expect(check.metrics.map((metric) => metric.result)).toEqual(['ok', 'ok', 'ok']);
  expect(check.metrics[0]).toEqual({
    metric: 'errorRate',
    result: 'ok',
    canary: 0,
    stable: 0,
    limit: 1,
    explanation: 'the error rate is 0 % (0 of 100 requests), within the limit of 1 %',
  });
});

test('an error rate above the limit fails', () => {
  const check = judge(question({ canary: { requests: 1000, errors: 50 }, stable: well }));

  expect(check.verdict).toBe('fail');
  expect(check.explanation).toBe('the error rate is 5 % (50 of 1000 requests), above the limit of 1 %');
});

test('one error in twenty requests is no error rate of 5 %', () => {
  const check = judge(question({ canary: { requests: 20, errors: 1 }, stable: well }));

  expect(check.verdict).toBe('pass');
  expect(check.metrics[0]?.explanation).toContain('not surely above the limit of 1 %');
});

describe('no data', () => {
  test('fewer requests than wanted are never a pass, and say how many are missing', () => {
    const check = judge(question({ canary: { requests: 19 }, stable: well }));

    expect(check.verdict).toBe('no-data');
    expect(check.explanation).toContain('v2 answered 19 requests in the window, 1 more are needed');
  });

  test('too few requests are no fail either, however bad they are', () => {
    expect(judge(question({ canary: { requests: 19, errors: 19 }, stable: well })).verdict).toBe('no-data');
  });

  test('a canary that was not seen at all has no data', () => {
    const check = judge(question({ stable: well }));

    expect(check).toMatchObject({ verdict: 'no-data', canaryRequests: 0 });
    expect(check.metrics.every((metric) => metric.canary === null && metric.result === 'no-data')).toBe(true);
  });

  test('latencies of answers that were not counted do not make up for requests', () => {
    const check = judge(question({ canary: { requests: 5, latency: { 20: 100 } }, stable: well }));

    expect(check.metrics.map((metric) => metric.result)).toEqual(['no-data', 'no-data', 'no-data']);
  });

  test('a latency that was not measured is no data', () => {
    const check = judge(question({ canary: { requests: 100, latency: {} }, stable: well }));

    expect(check.verdict).toBe('no-data');
    expect(check.explanation).toContain('the p95 latency rests on 0 answers, 20 more are needed');
  });
});

describe('latency', () => {
  test('a slow twentieth fails p95', () => {
    const latency = { 20: 850, 300: 150 };
    const check = judge(question({ canary: { requests: 1000, latency }, stable: well }));

    expect(check.verdict).toBe('fail');
    expect(check.explanation).toMatch(
      /^the p95 latency is 3\d\d ms \(1000 answers\), above the limit of 200 ms$/,
    );
  });

  test('one slow answer among twenty fails nothing', () => {
    const latency = { 20: 19, 5000: 1 };

    expect(judge(question({ canary: { requests: 20, latency }, stable: well })).verdict).toBe('pass');
  });

  test('a reading in the bucket of the limit is not above it', () => {
    const latency = { 199: 1000 };

    expect(judge(question({ canary: { requests: 1000, latency }, stable: well })).verdict).toBe('pass');
  });
});

describe('the stable version', () => {
  test('when it breaks the limit too, the canary is not blamed', () => {
    const check = judge(
      question({ canary: { requests: 1000, errors: 50 }, stable: { requests: 9000, errors: 450 } }),
    );

    expect(check.verdict).toBe('stable-breach');
    expect(check.explanation).toBe(
      'the error rate is 5 % (50 of 1000 requests) and 5 % (450 of 9000 requests) on the stable version, both above 1 %',
    );
  });

  test('a metric that only the canary breaks fails all the same', () => {
    const canary = { requests: 1000, errors: 50, latency: { 900: 1000 } };

    expect(judge(question({ canary, stable: { requests: 9000, errors: 450 } })).verdict).toBe('fail');
  });

  test('worse than a relative limit fails although both break the absolute one', () => {
    const limits = { errorRate: { max: 1, maxRatio: 2 } };
    const check = judge(
      question({ canary: { requests: 1000, errors: 300 }, stable: { requests: 9000, errors: 450 } }, limits),
    );

    expect(check.verdict).toBe('fail');
    expect(check.metrics[0]).toMatchObject({ limit: 10 });
    expect(check.explanation).toBe(
      'the error rate is 30 % (300 of 1000 requests), more than 2 times the 5 % of the stable version',
    );
  });

  test('an increase over it fails', () => {
    const limits = { errorRate: { maxIncrease: 1 } };
    const check = judge(
      question({ canary: { requests: 1000, errors: 50 }, stable: { requests: 9000, errors: 90 } }, limits),
    );

    expect(check.verdict).toBe('fail');
    expect(check.explanation).toContain('more than 1 % over the 1 % of the stable version');
  });

  test('a latency of more than the allowed multiple fails', () => {
    const limits = { p95: { maxRatio: 1.5 } };
    const slow = { requests: 200, latency: { 100: 200 } };
    const quick = { requests: 1800, latency: { 40: 1800 } };

    expect(judge(question({ canary: slow, stable: quick }, limits)).verdict).toBe('fail');
    expect(judge(question({ canary: quick, stable: quick }, limits)).verdict).toBe('pass');
  });

  test.each([{ maxRatio: 1.5 }, { maxIncrease: 20 }])('a latency within what %j allows passes', (limit) => {
    const slower = { requests: 200, latency: { 50: 200 } };
    const quick = { requests: 1800, latency: { 40: 1800 } };

    expect(judge(question({ canary: slower, stable: quick }, { p95: limit })).verdict).toBe('pass');
    expect(
      judge(question({ canary: { ...slower, latency: { 70: 200 } }, stable: quick }, { p95: limit })).verdict,
    ).toBe('fail');
  });

  test('with too few requests nothing is called worse than it', () => {
    const arms = { canary: { requests: 100, errors: 50 }, stable: { requests: 5 } };

    expect(judge(question(arms, { errorRate: { maxRatio: 2 } })).verdict).toBe('inconclusive');
    expect(judge(question(arms, { errorRate: { maxIncrease: 1 } })).verdict).toBe('inconclusive');
  });

  test('with too few requests it cannot be compared', () => {
    const limits = { errorRate: { max: 1, maxRatio: 2 } };
    const check = judge(question({ canary: { requests: 100 }, stable: { requests: 5 } }, limits));

    expect(check.verdict).toBe('inconclusive');
    expect(check.explanation).toContain('on the stable version it rests on 5 answers, 15 more are needed');
  });

  test('with too few requests the absolute limit still fails', () => {
    const limits = { errorRate: { max: 1, maxRatio: 2 } };

    expect(
      judge(question({ canary: { requests: 100, errors: 30 }, stable: { requests: 5 } }, limits)).verdict,
    ).toBe('fail');
  });

  test('without one, relative limits are not applied and it says that nothing was compared', () => {
    const check = judge(
      question({ canary: { requests: 100 }, stable: null }, { errorRate: { maxRatio: 1.1 } }),
    );

    expect(check.verdict).toBe('pass');
    expect(check.explanation).toContain('nothing was compared');
    expect(check.metrics[0]).toMatchObject({ result: 'ok', stable: null, limit: null });
    expect(check.metrics[0]?.explanation).toContain('nothing was compared');
  });
});

describe('muted metrics', () => {
  test('are shown and do not count', () => {
    const check = judge(
      question({ canary: { requests: 1000, errors: 500 }, stable: well }, undefined, {
        muted: ['errorRate'],
      }),
    );

    expect(check.verdict).toBe('pass');
    expect(check.metrics[0]).toMatchObject({ result: 'muted', canary: 50 });
    expect(check.metrics[0]?.explanation).toMatch(/^muted: the error rate is 50 %/);
  });

  test('do not mute the others', () => {
    const muted = { muted: ['p95', 'p99'] };

    expect(
      judge(question({ canary: { requests: 1000, errors: 500 }, stable: well }, undefined, muted)).verdict,
    ).toBe('fail');
  });

  test('when all are muted it says that none was judged', () => {
    const muted = { muted: ['errorRate', 'p95', 'p99'] };

    expect(
      judge(question({ canary: { requests: 100 }, stable: well }, undefined, muted)).explanation,
    ).toContain('none was judged');
  });
});

describe('servers of the canary', () => {
  test('none up in the newest second fails, with or without requests', () => {
    const buckets = [
      bucketOf('v2', { requests: 100, second: 1000, up: 1 }),
      bucketOf('v1', { requests: 900, second: 1001, up: 3 }),
      bucketOf('v2', { requests: 0, second: 1001, up: 0 }),
    ];
    const check = judge(question({ stable: well }, undefined, { buckets }));

    expect(check).toMatchObject({ verdict: 'fail', explanation: 'no server of v2 is up' });
  });

  test('one that came back is no fail', () => {
    const buckets = [
      bucketOf('v2', { requests: 0, second: 1001, up: 0 }),
      bucketOf('v2', { requests: 100, second: 1002, up: 1 }),
    ];

    expect(judge(question({ stable: well }, undefined, { buckets })).verdict).toBe('pass');
  });
});

describe('precedence', () => {
  const inconclusive = { errorRate: { max: 1 }, p95: { maxRatio: 2 } };

  test('no data outweighs what cannot be compared', () => {
    const arms = { canary: { requests: 100, latency: {} }, stable: { requests: 5 } };

    expect(judge(question(arms, { errorRate: { maxRatio: 2 }, p95: { max: 200 } })).verdict).toBe('no-data');
  });

  test('a breach by both outweighs what cannot be compared', () => {
    const arms = {
      canary: { requests: 1000, errors: 50 },
      stable: { requests: 900, errors: 90, latency: {} },
    };

    expect(judge(question(arms, inconclusive)).verdict).toBe('stable-breach');
  });

  test('a breach outweighs what cannot be compared', () => {
    const arms = { canary: { requests: 1000, errors: 50 }, stable: { requests: 900, latency: {} } };

    expect(judge(question(arms, inconclusive)).verdict).toBe('fail');
  });
});
