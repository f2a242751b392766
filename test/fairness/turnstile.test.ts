import { afterEach, expect, test, vi } from 'vitest';
import { createTurnstile } from '../../workers/turnstile.ts';

const forever = 1_000_000;

afterEach(() => vi.useRealTimers());

test('as many as there is room for go in at once', async () => {
  const turnstile = createTurnstile(2);

  expect([await turnstile.enter(0), await turnstile.enter(0), await turnstile.enter(0)]).toEqual([
    true,
    true,
    false,
  ]);
});

test('who waits goes in when another leaves, in the order of arrival, and nobody slips in between', async () => {
  const turnstile = createTurnstile(1);
  await turnstile.enter(0);
  const order: string[] = [];
  const waiting = ['first', 'second'].map((name) =>
    turnstile.enter(forever).then(() => void order.push(name)),
  );

  turnstile.leave();
  const late = turnstile.enter(0);
  await waiting[0];
  expect(order).toEqual(['first']);
  expect(await late).toBe(false);

  turnstile.leave();
  await waiting[1];
  expect(order).toEqual(['first', 'second']);
});

test('who squeezes in takes the place of nobody who leaves later', async () => {
  const turnstile = createTurnstile(1);
  await turnstile.enter(0);
  turnstile.squeezeIn();

  turnstile.leave();
  expect(await turnstile.enter(0)).toBe(false);
  turnstile.leave();
  expect(turnstile.isIdle()).toBe(true);
  expect(await turnstile.enter(0)).toBe(true);
});

test('those who are turned away come back one after the other', () => {
  const turnstile = createTurnstile(1);

  const returns = Array.from({ length: 100 }, () => turnstile.nextReturnMs());

  expect(returns[0]).toBeGreaterThanOrEqual(1000);
  expect(returns[99]).toBeGreaterThan(2000);
  expect(turnstile.isIdle()).toBe(false);
});

test('a crowd that came at once gives up one after the other, none later than its patience', async () => {
  vi.useFakeTimers();
  const turnstile = createTurnstile(1);
  await turnstile.enter(0);
  let gaveUp = 0;
  for (let one = 0; one < 150; one += 1) void turnstile.enter(4000).then((isIn) => (gaveUp += isIn ? 0 : 1));

  const bySecond: number[] = [];
  for (let second = 0; second < 4; second += 1) {
    await vi.advanceTimersByTimeAsync(1000);
    bySecond.push(gaveUp);
  }

  expect(bySecond).toEqual([26, 76, 126, 150]);
});
