import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../domain/duration.ts';
import { OpsError } from '../../domain/errors.ts';

test.each([
  ['0', 0],
  ['500ms', 500],
  ['30s', 30_000],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['7d', 604_800_000],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
  expect(formatDuration(ms)).toBe(text);
});

test.each(['', '5', '-1s', '1.5s', ' 5s', '5 s', '5S', '5w', '1h30m', '1234567890s', '5s\n', 'NaNs'])(
  '%j is refused by name',
  (text) => {
    const read = (): number => parseDuration(text);

    expect(read).toThrow(OpsError);
    expect(read).toThrow(JSON.stringify(text));
  },
);

test('what is written is read back, for every whole number of milliseconds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_999 }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
  );
});
