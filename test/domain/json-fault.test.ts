import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonFault } from '../../domain/json-fault.ts';

/** JSON that PostgreSQL can store: no U+0000, no half pairs, no name that every object has. */
const storable = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && text !== '__proto__');
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom(null, true, false),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    storable,
    fc.array(tie('value')),
    fc.dictionary(storable, tie('value')),
  ),
})).value;

test('what was written from a value has no fault, however it is spaced', () => {
  fc.assert(
    fc.property(value, fc.constantFrom(0, 2, '\t', '\r\n '), (anything, space) => {
      expect(jsonFault(JSON.stringify(anything, null, space))).toBeNull();
    }),
  );
});

test('any text at all gets an answer', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[],:"\\ 0e-n\u0000\ud800') }), (text) => {
      expect(['string', 'object']).toContain(typeof jsonFault(text));
    }),
  );
});

test('a name that comes twice is found wherever it stands and however it is written', () => {
  fc.assert(
    fc.property(fc.dictionary(storable, value, { minKeys: 1 }), fc.nat(), value, (object, pick, other) => {
      const names = Object.keys(object);
      const name = names[pick % names.length] ?? '';
      const escaped = [...name].map((c) => JSON.stringify(c).slice(1, -1).replace('a', '\\u0061')).join('');
      const twice = `${JSON.stringify(object).slice(0, -1)}, "${escaped}" : ${JSON.stringify(other)}}`;
      expect(jsonFault(`[1, {"deep": ${twice}}]`)).toContain('comes twice');
    }),
  );
});

describe('refused', () => {
  test.each([
    ['deep arrays', '['.repeat(65), 'nested deeper than 64'],
    ['deep objects', '{"a":'.repeat(100_000), 'nested deeper than 64'],
    ['a number beyond', '{"a": 1e400}', 'a number'],
    ['a number of many digits', `[-${'9'.repeat(400)}]`, 'a number'],
    ['__proto__', '{"a": [{"__proto__": {}}]}', '__proto__'],
    ['__proto__ in escapes', '{"\\u005f_proto__": 1}', '__proto__'],
    ['U+0000', '{"a": "\\u0000"}', 'U+0000'],
    ['U+0000 in a name', '{"\\u0000": 1}', 'U+0000'],
    ['half a pair', '["\\ud800"]', 'half a surrogate'],
  ])('%s', (_, text, why) => {
    expect(jsonFault(text)).toContain(why);
  });
});

describe('taken', () => {
  test.each([
    '[]',
    '{"a": {"b": 1}, "c": {"b": 1}}',
    '[{"a": 1}, {"a": 1}]',
    '{"a": ["b", "b"], "b": "a"}',
    '{"a": "\\\\u0000"}',
    '["\\ud83d\\ude00"]',
    '["{[", "]}", "\\"", ","]',
    `${'['.repeat(64)}${']'.repeat(64)}`,
  ])('%s', (text) => {
    expect(jsonFault(text)).toBeNull();
  });
});

test('broken syntax is left to the parser', () => {
  for (const text of ['', '{', '"', '"\\', '{"a"', 'nul', '}}', '1.2.3', '"\\x"'])
    expect(jsonFault(text)).toBeNull();
});
