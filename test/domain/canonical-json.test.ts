import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, parseCanonicalJson } from '../../domain/canonical-json.ts';
import { OpsError } from '../../domain/errors.ts';

test('the order of keys does not matter', () => {
  expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: true })).toBe(
    '{"a":true,"b":[1,{"c":"x","d":null}]}',
  );
});

test('a member without a value is left out, as JSON does', () => {
  expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
});

test('it is JSON of the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('two objects with the same members, written in any order and at any depth, are one text', () => {
  const value = fc.letrec<{ any: unknown; object: unknown }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 1 }),
      tie('object'),
      fc.array(tie('any'), { maxLength: 4 }),
    ),
    object: fc.dictionary(fc.string({ maxLength: 6 }), tie('any'), { maxKeys: 6 }),
  })).any;
  fc.assert(
    fc.property(value, (some) => {
      expect(canonicalJson(turned(some))).toBe(canonicalJson(some));
    }),
  );
});

test('what differs has another text', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      fc.pre(!isEqual(a, b));

      expect(canonicalJson(a)).not.toBe(canonicalJson(b));
    }),
  );
});

test('the example of RFC 8785, section 3.2.2', () => {
  const input = String.raw`{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}`;

  expect(canonicalJson(JSON.parse(input))).toBe(
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  );
});

test('keys are sorted by UTF-16 code units, as in section 3.2.3', () => {
  const input = String.raw`{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}`;

  const keys = [...canonicalJson(JSON.parse(input)).matchAll(/:([0-9])/g)].map(([, value]) => Number(value));

  expect(keys).toEqual([2, 4, 6, 7, 1, 5, 3]);
});

/** Appendix B: IEEE 754 bits and what is written of them. */
test.each([
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
])('the number %s is %s', (bits, text) => {
  expect(canonicalJson(Buffer.from(bits, 'hex').readDoubleBE())).toBe(text);
});

test.each([NaN, Infinity, -Infinity, 'half a pair: \ud800', { '\udead': 1 }])(
  'what is no I-JSON is refused: %j',
  (value) => {
    expect(() => canonicalJson(value)).toThrow(OpsError);
  },
);

test.each([' {"a":1}', '{"b":1,"a":2}', '{"a":1,"a":1}', '{"a":1.0}', '"\\u0041"', '{"a":', '"\\ud800"'])(
  'a text that is not canonical is told: %s',
  (text) => {
    expect(parseCanonicalJson(text)).toBeUndefined();
  },
);

test('what it writes is canonical', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(parseCanonicalJson(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

/** The same value with the members of every object in the opposite order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, turned(member)]),
  );
}

function isEqual(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
}
