import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kinds } from '../../../domain/redaction/kinds.ts';
import { redact } from '../../../domain/redaction/redact.ts';
import { seeded } from '../seeds.ts';

describe('seeded secrets and personal data', () => {
  test.each(seeded.map(([kind, secret, around]) => ({ kind, secret, around })))(
    '$kind is removed',
    ({ kind, secret, around = (it) => `It said ${it}, then it broke.` }) => {
      const { text, found } = redact(around(secret));

      expect(text).not.toContain(secret);
      expect(text).toContain(`[${kind}]`);
      expect(found).toEqual({ [kind]: 1 });
    },
  );

  test('every kind has a seed, and there are more than thirty', () => {
    expect(new Set(seeded.map(([kind]) => kind))).toEqual(new Set(kinds.map(({ kind }) => kind)));
    expect(kinds.length).toBeGreaterThan(30);
  });

  test('many in one text, in any order, all go', () => {
    const all = seeded.map(([, secret, around = (it: string) => it]) => ({ secret, said: around(secret) }));
    // What runs to the end of its line would take its neighbours along and hide that they were missed.
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: 2, maxLength: 6 }), (some_) => {
        const { text } = redact(some_.map(({ said }) => said).join('\n\n'));
        for (const { secret } of some_) expect(text).not.toContain(secret);
      }),
    );
  });
});

test.each([
  'Version 1.2.3.4567 of 2024-05-06 12:30:00 took 17.5 ms',
  'order 1234567890123 and build 4111111111111112 are no cards',
  'commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'trace 0b9d0f4e-11aa-4c5e-9d0a-77d1f2a3b4c5 at org.example.Shop$Cart.add(Shop.java:42)',
  'The password field is empty: show a hint. Reset your password at any time.',
  'the key of the map is a secret santa; a token of love',
  'std::vector<int>::push_back, a::b, 10:20:30',
  'retry 3 of 5, 200 OK, 12345-678, 2024-05-06',
  'email me @ann or see example.org/@bob',
])('is left alone: %s', (text) => {
  expect(redact(text)).toEqual({ text, found: {} });
});

test('doing it twice changes nothing', () => {
  const seeds = fc.constantFrom(...seeded.map(([, secret, around = (it: string) => it]) => around(secret)));
  const text = fc
    .array(fc.oneof(seeds, fc.string({ maxLength: 30 })), { maxLength: 6 })
    .map((parts) => parts.join(' '));
  fc.assert(
    fc.property(text, (before) => {
      const once = redact(before).text;
      expect(redact(once)).toEqual({ text: once, found: {} });
    }),
  );
});

test.each([
  'a'.repeat(100_000),
  '1'.repeat(100_000),
  'a@'.repeat(50_000),
  'a.'.repeat(50_000),
  '1:'.repeat(50_000),
  '-----BEGIN PRIVATE KEY-----'.repeat(2000),
  'secret='.repeat(10_000),
  '+1 '.repeat(30_000),
])('a text of no end comes to an end', (text) => {
  expect(typeof redact(text).text).toBe('string');
});

test.each([
  ['order 13 4111 1111 1111 1111', 'order 13 [card-number]'],
  ['4111 1111 1111 1111 2026', '[card-number] 2026'],
  ['4111 1111 1111 1111 5500 0000 0000 0004', '[card-number] [card-number]'],
  ['1234 5678 9012 3456 7890 1234', '1234 5678 9012 3456 7890 1234'],
  ['+1 (415) 555-0132 52.520008, 13.404954', '[phone-number] [coordinates]'],
  ['+1 415 555 0132 1234 5678', '[phone-number] 5678'],
  ['+123 (1234) 1234 1234 123-456-7890', '[phone-number] [phone-number]'],
])('other digits beside a number do not hide it: %s', (before, after) => {
  expect(redact(before).text).toBe(after);
});
