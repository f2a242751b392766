import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentName } from '../../../domain/feedback/content-name.ts';
import { csvLine } from '../../../domain/feedback/csv.ts';
import { createCsvReader } from '../../../domain/feedback/csv-reader.ts';
import { connectors } from '../../../domain/feedback/connectors/index.ts';
import { isWanted } from '../../../domain/feedback/filter.ts';
import { isoTime } from '../../../domain/feedback/iso-time.ts';
import { redactReport } from '../../../domain/feedback/redact-report.ts';
import { report } from '../reports.ts';

test('times are written as Date writes them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => {
      expect(isoTime(ms)).toBe(new Date(ms).toISOString());
    }),
  );
});

test('what is written as CSV is read as it was, in parts of any length', () => {
  const cell = fc
    .string({ unit: fc.constantFrom('a', 'ä', '"', ',', '\n', ' ', '😀') })
    .map((text) => `x${text}`);
  const row = fc.array(cell, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 6 }), fc.array(fc.nat(200), { maxLength: 5 }), (rows, cuts) => {
      const text = rows.map(csvLine).join('');
      const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length];
      const reader = createCsvReader();
      const read = places.flatMap((from, index) => reader.push(text.slice(from, places[index + 1] ?? from)));

      expect([...read, ...reader.end()].map(({ cells }) => cells)).toEqual(rows);
    }),
  );
});

test('a quote that is never closed is told with the line where it opens', () => {
  const reader = createCsvReader();
  reader.push('title\nok\n"open\nand on');

  expect(() => reader.end()).toThrow('line 3');
});

describe('every connector', () => {
  const anything = fc.oneof(
    fc.jsonValue(),
    fc.record({
      ...{ event: fc.jsonValue(), data: fc.jsonValue(), issue: fc.jsonValue(), alerts: fc.jsonValue() },
      ...{ object_attributes: fc.jsonValue(), result: fc.jsonValue(), title: fc.jsonValue() },
      ...{ object_kind: fc.constantFrom('issue', 'note'), type: fc.constantFrom('event_callback', 'x') },
    }),
  );
  const headers = fc.record({
    'x-github-event': fc.constantFrom('issues', 'issue_comment'),
    'sentry-hook-resource': fc.constantFrom('issue', 'event_alert', 'error'),
  });

  test('reads whatever comes without falling over', () => {
    fc.assert(
      fc.property(anything, headers, (body, given) => {
        const incoming = { body, headers: given, now: '2026-11-20T10:00:00.000Z' };
        for (const connector of Object.values(connectors)) {
          connector?.deliveryId(incoming);
          const reading = connector?.read(incoming);
          if (reading?.kind === 'reports')
            for (const { title, externalId } of reading.reports) expect(title && externalId).not.toBe('');
        }
      }),
      { numRuns: 500 },
    );
  });
});

test.each([
  ['nothing to hold', {}, true],
  ['one of its labels', { labels: ['BUG', 'x'] }, true],
  ['none of its labels', { labels: ['x'] }, false],
  ['a label that is not wanted', { withoutLabels: ['bug'] }, false],
  ['a level below', { level: 'error' as const }, false],
  ['its level', { level: 'warning' as const }, true],
  ['a part of its title', { titleContains: ['nothing', 'EXPORT'] }, true],
  ['no part of its title', { titleContains: ['nothing'] }, false],
])('a filter with %s', (_name, filter, wanted) => {
  expect(isWanted(report({ labels: ['bug'], metadata: { level: 'warn' } }), filter)).toBe(wanted);
});

test('what tells no level is not kept out by one', () => {
  expect(isWanted(report(), { level: 'fatal' })).toBe(true);
});

test('the same words are the same content; of errors the values do not count', () => {
  const feedback = (title: string) => contentName({ kind: 'feedback', title, body: '' });
  const error = (title: string) => contentName({ kind: 'error', title, body: '' });

  expect(feedback('The  page is BLANK')).toBe(feedback('the page is blank'));
  expect(feedback('Order 17 is lost')).not.toBe(feedback('Order 18 is lost'));
  expect(error('order 17 failed')).toBe(error('order 18 failed'));
});

test.each([
  ['https://example.org/1', 'https://example.org/1'],
  ['javascript:alert(1)', null],
  ['data:text/html,x', null],
  ['https://ann:hunter2@example.org/', 'https://ann:[password-in-url]@example.org/'],
])('the link %s is kept as %s', (url, kept) => {
  expect(redactReport(report({ url })).url).toBe(kept);
});

test('what is kept is cut only after secrets were removed', () => {
  const secret = `AKIA${'ABCDEFGHIJ012345'}`;
  const { title } = redactReport(report({ title: `${'x '.repeat(245)}${secret} and more` }));

  expect(title).not.toContain('AKIA');
  expect(title.length).toBeLessThanOrEqual(500);
});
