import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMiner, type TemplateMiner } from '../../../domain/log-template/miner.ts';

const users = ['ann', 'bob', 'cyd', 'dan', 'eve', 'fay', 'gus', 'hal'];

function textsOf(miner: TemplateMiner): string[] {
  return miner
    .templates()
    .map(({ text }) => text)
    .sort();
}

test('a place at which eight words were seen varies', () => {
  const miner = createMiner();
  const first = miner.add('session opened for ann');
  for (const user of users.slice(1, 7)) miner.add(`session opened for ${user}`);
  expect(textsOf(miner)).toHaveLength(7);

  miner.add('session opened for hal');

  expect(miner.templates()).toMatchObject([{ text: 'session opened for <*>', count: 8 }]);
  expect(miner.current(first).text).toBe('session opened for <*>');
  expect(miner.add('session opened for somebody else')).toMatchObject({ count: 1 });
  expect(miner.add('session opened for ivy')).toMatchObject({ text: 'session opened for <*>', count: 9 });
});

test('lines that differ at two places are not one kind', () => {
  const miner = createMiner();
  for (const user of users) miner.add(`${user} opened ${user}`);

  expect(textsOf(miner)).toHaveLength(8);
});

test('a second place may vary once the first does', () => {
  const miner = createMiner({ slotValues: 3 });
  for (const user of users.slice(0, 3))
    for (const door of ['red', 'blue', 'green']) miner.add(`${user} opened ${door}`);

  expect(textsOf(miner)).toEqual(['<*> opened <*>']);
});

test('a line of one word is its own kind', () => {
  const miner = createMiner();
  for (const user of users) miner.add(user);

  expect(textsOf(miner)).toEqual(users);
});

const word = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const anyLine = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(' '));

test('no line is lost or counted twice, whatever is merged', () => {
  fc.assert(
    fc.property(
      fc.array(anyLine, { maxLength: 200 }),
      fc.integer({ min: 2, max: 5 }),
      (lines, slotValues) => {
        const miner = createMiner({ slotValues });
        for (const line of lines) miner.add(line);
        expect(miner.templates().reduce((sum, { count }) => sum + count, 0)).toBe(lines.length);
      },
    ),
  );
});

test('the same line is of the same kind, early and late', () => {
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 100 }), anyLine, (lines, line) => {
      const miner = createMiner({ slotValues: 3 });
      const early = miner.add(line);
      for (const other of lines) miner.add(other);
      expect(miner.add(line)).toBe(miner.current(early));
    }),
  );
});

test('a template fits every line that it counts', () => {
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 100 }), (lines) => {
      const miner = createMiner({ slotValues: 3 });
      const seen = lines.map((line) => ({ line, template: miner.add(line) }));
      for (const { line, template } of seen) {
        const words = miner.current(template).text.split(' ');
        const own = line.split(' ');
        expect(words).toHaveLength(own.length);
        for (const [place, said] of words.entries()) expect(['<*>', own[place]]).toContain(said);
      }
    }),
  );
});

test('of lines that never repeat it keeps so many, the newest, and goes on merging', () => {
  const miner = createMiner({ most: 50 });
  for (let line = 0; line < 5000; line += 1) miner.add(`event${line} happened to thing${line}`);
  expect(miner.templates().length).toBeLessThanOrEqual(50);
  expect(textsOf(miner)).toContain('event4999 happened to thing4999');

  for (const user of users) miner.add(`login of ${user}`);
  expect(textsOf(miner)).toContain('login of <*>');
});

test('a kind that goes on is not forgotten for lines that come once', () => {
  const miner = createMiner({ most: 50 });
  for (const user of users) miner.add(`login of ${user}`);
  for (let line = 0; line < 2000; line += 1) {
    miner.add(`event${line} happened to thing${line}`);
    miner.add(`login of user${line}`);
  }

  expect(miner.templates().find(({ text }) => text === 'login of <*>')?.count).toBe(2008);
});
