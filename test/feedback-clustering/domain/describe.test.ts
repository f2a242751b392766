import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeCluster } from '../../../domain/feedback-clustering/describe.ts';

const item = (title: string, body = '') => ({ title, body });

test.each([
  ['[Bug] Re: Login fails on Safari.', 'Login fails on Safari'],
  ['bug: **Export** is `empty`', 'Export is empty'],
  ['  Spaces \n and\tlines  ', 'Spaces and lines'],
  ['See [the docs](https://example.org) first', 'See the docs first'],
  ['user_id of `get_user` is 2*3, not __init__', 'user_id of get_user is 2*3, not __init__'],
  ['ログインできません', 'ログインできません'],
])('the title %j is told as %j', (title, told) => {
  expect(describeCluster(item(title), [item(title)]).title).toBe(told);
});

test.each([
  [['Timeout after 31 ms for order 7', 'Timeout after 95 ms for order 9'], 'Timeout after … ms for order …'],
  [['Cannot read "price" of 7', 'Cannot read "price" of 9'], 'Cannot read "price" of …'],
  [['Order 7 fails', 'Order 7 fails'], 'Order 7 fails'],
  [['Order 7 fails', 'Order 9 is slow'], 'Order 7 fails'],
  [['7', '9'], '7'],
  [['Login fails', 'Login broken'], 'Login fails'],
])('of the titles %j what they have in common is told: %j', (titles, told) => {
  const items = titles.map((title) => item(title));
  expect(describeCluster(items[0] ?? item(''), items).title).toBe(told);
});

test('a long title ends between words', () => {
  const { title } = describeCluster(item('word '.repeat(40)), []);

  expect(title).toMatch(/word…$/);
  expect(title.length).toBeLessThanOrEqual(80);
});

test('an item without a title lends its first sentence', () => {
  expect(describeCluster(item('', 'The app closes itself. Then nothing.'), []).title).toBe(
    'The app closes itself.',
  );
});

test('the summary is what most of them say, in their own words', () => {
  const items = [
    item('Login fails', 'Login fails after the update to 2.3. My dog is called Rex and he barks.'),
    item(
      'Cannot log in',
      'Since the update the login fails with a white page. Greetings from Oslo everyone.',
    ),
    item('Login broken', 'The login page fails to load after the update.\n    at login (app.js:1:2)'),
  ];

  const { summary } = describeCluster(items[0] ?? item(''), items);

  expect(summary).toMatch(/login/i);
  expect(summary).not.toMatch(/Rex|Oslo|app\.js/);
});

test('a sentence that all of them copy is told once', () => {
  const items = Array.from({ length: 5 }, (_, index) => item(`${index}`, 'The payment page is empty today.'));

  expect(describeCluster(item('x'), items).summary).toBe('The payment page is empty today.');
});

test('whatever the texts are, title and summary keep to their lengths, tear no character, and the title is never empty', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 900 });
  fc.assert(
    fc.property(fc.array(fc.record({ title: text, body: text }), { minLength: 1, maxLength: 6 }), (items) => {
      const [first = item('')] = items;
      const { title, summary } = describeCluster(first, items);

      expect(title.length).toBeGreaterThan(0);
      expect(title.length).toBeLessThanOrEqual(80);
      expect(summary.length).toBeLessThanOrEqual(300);
      expect((title + summary).isWellFormed()).toBe(true);
    }),
    { numRuns: 60 },
  );
});
