import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countNames, distinctOf } from '../../../domain/log-window/distinct-count.ts';
import {
  type LogLine,
  type LogWindow,
  mergeWindows,
  windowOf,
} from '../../../domain/log-window/log-window.ts';
import { preAggregate } from '../../../domain/log-window/pre-aggregate.ts';
import { quantileOf, sketchOf } from '../../../domain/log-window/quantile-sketch.ts';
import { sizeMs, windowStart } from '../../../domain/log-window/window-size.ts';
import { anyLine, line, startMs } from '../lines.ts';

const mask = (message: string) => message.replaceAll(/\d+/g, '<*>');
const bytes = (window: LogWindow) => JSON.stringify(window);

/** Cuts a list anywhere and merges the parts in any grouping, as chance has it. */
function merged(windows: readonly LogWindow[], chance: () => number): LogWindow {
  const rest = [...windows];
  for (;;) {
    const [one] = rest.splice(chance() % rest.length, 1);
    if (one === undefined) throw new Error('there is nothing to merge');
    if (rest.length === 0) return one;
    const at = chance() % rest.length;
    const other = rest[at];
    if (other !== undefined)
      rest[at] = chance() % 2 === 0 ? mergeWindows(one, other) : mergeWindows(other, one);
  }
}

test('in whatever order and groups windows are merged, the bytes are the same', () => {
  fc.assert(
    fc.property(
      fc.array(anyLine, { minLength: 1, maxLength: 30 }),
      fc.infiniteStream(fc.nat(1000)),
      (lines, stream) => {
        const windows = lines.map((one) => windowOf([one]));
        const chance = () => stream.next().value as number;

        expect(bytes(merged(windows, chance))).toBe(bytes(windowOf(lines)));
      },
    ),
    { numRuns: 500 },
  );
});

test('windows of every size count every line once', () => {
  fc.assert(
    fc.property(fc.array(anyLine, { minLength: 1, maxLength: 40 }), (lines) => {
      const windows = preAggregate(lines, mask);

      for (const size of ['10s', '1m', '5m', '1h'] as const) {
        const own = windows.filter(({ key }) => key.size === size);
        expect(own.reduce((sum, { window }) => sum + window.count, 0)).toBe(lines.length);
        for (const { key, window } of own) {
          expect(windowStart(window.firstMs, size)).toBe(key.startMs);
          expect(window.lastMs).toBeLessThan(key.startMs + sizeMs[size]);
        }
      }
    }),
  );
});

test('what differs in service, route, template, class of status or release is counted apart', () => {
  const others: Partial<LogLine>[] = [
    { service: 'pay' },
    { route: null },
    { message: 'order 18 lost' },
    { status: 500 },
    { release: null },
    { atMs: startMs + 10_000 },
  ];
  const windows = preAggregate(
    [line(), line({ message: 'order 18 paid', status: 204 }), ...others.map(line)],
    mask,
  );

  const smallest = windows.filter(({ key }) => key.size === '10s');
  expect(smallest.map(({ window }) => window.count).sort()).toEqual([1, 1, 1, 1, 1, 1, 2]);
});

test('a quantile is within 1 % of the value at its rank', () => {
  const values = fc.array(fc.double({ min: 0.002, max: 3_600_000, noNaN: true }), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(values, fc.constantFrom(0.5, 0.9, 0.95, 0.99, 1), (ms, q) => {
      const sketch = sketchOf(ms);
      const exact = ms.toSorted((a, b) => a - b)[Math.ceil(q * ms.length) - 1] ?? 0;

      expect(Math.abs((quantileOf(sketch, q) ?? 0) - exact)).toBeLessThanOrEqual(0.01001 * exact);
    }),
    { numRuns: 500 },
  );
});

test('nothing has no quantile', () => {
  expect(quantileOf({}, 0.5)).toBeNull();
});

test.each([1, 5, 50, 500, 5000, 100_000])('%d different users are told within 15 %', (count) => {
  const users = countNames(Array.from({ length: 2 * count }, (_, at) => `u-${at % count}`));

  expect(Math.abs(distinctOf(users) - count)).toBeLessThanOrEqual(Math.max(1, 0.15 * count));
});

test('no user is told by what is kept of them', () => {
  expect(JSON.stringify(windowOf([line({ user: 'ann@example.org' })]))).not.toContain('ann');
});

test('three lines stand for all, each with the first time it was seen', () => {
  const lines = Array.from({ length: 50 }, (_, at) =>
    line({ atMs: startMs + 50 - at, message: `line ${at % 10}` }),
  );

  const { exemplars, firstMs, lastMs } = windowOf(lines);

  expect(exemplars).toHaveLength(3);
  expect(new Set(exemplars.map(({ message }) => message)).size).toBe(3);
  for (const { message, atMs } of exemplars)
    expect(atMs).toBe(Math.min(...lines.filter((one) => one.message === message).map((one) => one.atMs)));
  expect([firstMs, lastMs]).toEqual([startMs + 1, startMs + 50]);
});
