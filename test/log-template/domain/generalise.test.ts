import fc from 'fast-check';
import { expect, test } from 'vitest';
import { generalise } from '../../../domain/log-template/generalise.ts';

const names = ['ann', 'bob', 'cyd', 'dan', 'eve', 'fay', 'gus', 'hal'];
const pages = ['home', 'cart', 'shop', 'help', 'news', 'jobs', 'team', 'blog'];

test('a place with eight different words varies, with seven it does not', () => {
  const lines = names.map((name) => `user ${name} logged in`);

  expect(new Set(generalise(lines).values())).toEqual(new Set(['user <*> logged in']));
  expect(new Set(generalise(lines.slice(1)).values())).toEqual(new Set(lines.slice(1)));
});

test('two places that vary are found one after the other', () => {
  const lines = names.flatMap((name) => pages.map((page) => `user ${name} opened page ${page}`));

  expect(new Set(generalise(lines).values())).toEqual(new Set(['user <*> opened page <*>']));
});

test('what is not alike elsewhere stays apart', () => {
  const lines = [
    ...names.map((name) => `user ${name} logged in`),
    'disk sda logged in',
    'user ann logged out',
  ];
  const templates = generalise(lines);

  expect(templates.get('disk sda logged in')).toBe('disk sda logged in');
  expect(templates.get('user ann logged out')).toBe('user ann logged out');
});

const word = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', '<*>');
const text = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(' '));

test('the order of the lines does not matter, a template fits its lines, and the same again changes nothing', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 120 }), fc.nat(), (texts, turn) => {
      const templates = generalise(texts);
      const turned = texts.map((_, at) => texts[(at + turn) % texts.length] ?? '').reverse();

      expect([...generalise(turned)].sort()).toEqual([...templates].sort());
      for (const [own, template] of templates) {
        const words = own.split(' ');
        expect(template.split(' ').every((one, at) => one === '<*>' || one === words[at])).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test('ten thousand templates take less than two seconds', () => {
  const lines = Array.from(
    { length: 10_000 },
    (_, at) => `${'word '.repeat(12)}a${at % 100} b${Math.floor(at / 100)}`,
  );

  const before = performance.now();
  const templates = generalise(lines);

  expect(new Set(templates.values()).size).toBe(1);
  expect(performance.now() - before).toBeLessThan(2000);
});
