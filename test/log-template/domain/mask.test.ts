import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMask } from '../../../domain/log-template/mask.ts';

test.each([
  ['a number', 'took 17 of -3 and 4.5 percent 12%', 'took <*> of <*> and <*> percent <*>'],
  ['a word with a number', 'block blk_-38865 of job_0017 is v2', 'block <*> of <*> is <*>'],
  ['an address', 'from 10.0.0.7:51234 to [::1]:80', 'from <*> to [::<*>]:<*>'],
  ['a host', 'to db.internal and mail.example.org:25', 'to <*> and <*>'],
  [
    'a class, which names the event',
    'in java.lang.NullPointerException',
    'in java.lang.NullPointerException',
  ],
  ['a path of Unix', 'open /var/log/app.log failed', 'open <*> failed'],
  ['a path of Windows', String.raw`load C:\Program\core.dll now`, 'load <*> now'],
  ['a URL', 'GET https://shop.example.org/a?b=c d', 'GET <*> d'],
  ['a UUID', 'instance 0b9d0f4e-11aa-4c5e-9d0a-77d1f2a3b4c5 gone', 'instance <*> gone'],
  ['a MAC address', 'joined 5c:50:15:4c:18:13', 'joined <*>'],
  ['hexadecimal digits', 'at 0xdeadBEEF digest 9f86d081884c', 'at <*> digest <*>'],
  ['words of hexadecimal letters alone', 'a facade faded', 'a facade faded'],
  ['values of keys', 'login user=ann tty= uid=0, euid=1', 'login user=<*> tty=<*> uid=<*>, euid=<*>'],
  ['values with blanks', 'run ws=WorkSource{1 2} tags=[a, b] x=(p q)', 'run ws=<*> tags=<*> x=<*>'],
  ['quoted text', `tag "View Lock" and 'a b' but don't`, `tag "<*>" and '<*>' but don't`],
  ['a list', 'handlers for [TERM, HUP, INT]', 'handlers for [<*>]'],
  ['a date', 'since Fri Jun 17 07:07:00 2005 UTC ok', 'since <*> ok'],
  ['a duration', 'lifetime <1 sec', 'lifetime <*>'],
  ['a size in any unit', 'free 12.5 KB of 3 GB', 'free <*> of <*>'],
  ['a size said twice', '1190 bytes (1.16 KB) sent', '<*> bytes sent'],
  [
    'somebody',
    'Failed password for invalid user admin from 10.0.0.1',
    'Failed password for invalid user <*> from <*>',
  ],
  ['nothing in brackets', 'connection from 10.0.0.1 () at 10:00', 'connection from <*> (<*>) at <*>'],
  ['several values in a row', 'dump: 1 2 3 4', 'dump: <*>'],
  ['a row of dots', 'prefetch depth.......17', 'prefetch depth.......<*>'],
  ['blanks of every kind', '  a\t b \n c', 'a b c'],
  ['nothing', '', ''],
])('%s', (_, line, expected) => {
  expect(createMask()(line)).toBe(expected);
});

test('what a mask remembers changes no answer', () => {
  const mask = createMask();
  fc.assert(
    fc.property(fc.string({ maxLength: 80, unit: 'grapheme' }), (line) => {
      expect(mask(line)).toBe(createMask()(line));
    }),
  );
});

test('other numbers in a line make no other kind of it', () => {
  const words = fc.constantFrom('took', 'of', 'user=ann', '[pool]', 'a.b.c', 'E:', '(x)');
  const numbers = fc.integer({ min: 0, max: 10_000_000 });
  fc.assert(
    fc.property(fc.array(words, { maxLength: 6 }), numbers, numbers, (line, one, other) => {
      const mask = createMask();
      expect(mask([...line, one, 'end'].join(' '))).toBe(mask([...line, other, 'end'].join(' ')));
    }),
  );
});

test.each([
  'a'.repeat(200_000),
  'a.'.repeat(100_000),
  '1a'.repeat(100_000),
  '/'.repeat(200_000),
  '=['.repeat(50_000),
  '["'.repeat(50_000),
])('a word or line of no end comes to an end', (line) => {
  expect(createMask()(`x ${line} y`).length).toBeLessThan(10_000);
});
