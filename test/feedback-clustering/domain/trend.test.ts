import { expect, test } from 'vitest';
import { trendOf } from '../../../domain/feedback-clustering/trend.ts';

/** xorshift32: the same series everywhere. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function poisson(mean: number, random: () => number): number {
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  let [count, product] = [0, random()];
  for (const least = Math.exp(-mean); product > least; product *= random()) count += 1;
  return count;
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const month = 30 * 24;
const rates = [0.01, 0.1, 0.5, 1, 3, 10, 40, 200];

/** Alarms in the month after the first day, hour by hour. */
function alarms(series: readonly number[]): number {
  let found = 0;
  for (let hour = 25; hour <= series.length; hour += 1)
    if (trendOf(series.slice(Math.max(0, hour - 200), hour)).isSpike) found += 1;
  return found;
}

function months(
  clusters: number,
  hourly: (rate: number, hour: number, random: () => number) => number,
): number[] {
  return Array.from({ length: clusters }, (_, cluster) => {
    const random = randomNumbers(cluster * 7919 + 1);
    const rate = rates[cluster % rates.length] ?? 1;
    return alarms(Array.from({ length: month }, (_, hour) => hourly(rate, hour, random)));
  });
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test(
  'at most one false alarm for a cluster in a month: 200 clusters of steady rates',
  { timeout: 60_000 },
  () => {
    const found = months(200, (rate, _, random) => poisson(rate, random));

    expect(mean(found)).toBeLessThanOrEqual(0.1);
    expect(Math.max(...found)).toBeLessThanOrEqual(1);
  },
);

test('the peak of every day is no spike', { timeout: 60_000 }, () => {
  const found = months(80, (rate, hour, random) =>
    poisson(rate * (1 + 0.9 * Math.sin((2 * Math.PI * hour) / 24)), random),
  );

  expect(mean(found)).toBeLessThanOrEqual(1);
});

test('counts that come in bursts are no spikes', { timeout: 60_000 }, () => {
  const found = months(80, (rate, _, random) => 4 * poisson(rate / 4, random));

  expect(mean(found)).toBeLessThanOrEqual(1);
});

test.each([
  [0.1, 10],
  [1, 14],
  [10, 40],
  [100, 250],
])('with %d in an hour as usual, %d are a spike at once, even days after another one', (rate, count) => {
  const random = randomNumbers(rate * 1000 + 7);
  const caught = Array.from({ length: 50 }, () => {
    const quiet = Array.from({ length: 168 }, () => poisson(rate, random)).with(100, 50 * count);
    return trendOf([...quiet, count]).isSpike;
  });

  expect(caught.filter(Boolean).length).toBeGreaterThanOrEqual(48);
});

test('the figures are of the last two days', () => {
  const counts = [...Array.from({ length: 24 }, () => 1), ...Array.from({ length: 24 }, () => 3)];

  expect(trendOf(counts)).toMatchObject({ perHour: 3, previousDay: 24, lastDay: 72, isSpike: false });
});

test('less than a day tells nothing', () => {
  expect(trendOf([0, 0, 900])).toMatchObject({ isSpike: false, because: 'known for less than 24 hours' });
  expect(trendOf([])).toMatchObject({ perHour: 0, isSpike: false });
});

test('what decided is told', () => {
  expect(trendOf([...Array.from({ length: 48 }, () => 2), 60])).toMatchObject({
    isSpike: true,
    because: '60 in the last hour, usually 2, up to 3',
  });
});
