import fc from 'fast-check';
import { Check } from 'typebox/value';
import { expect, test } from 'vitest';
import {
  type Condition,
  type Flag,
  FlagDocument,
  FlagEvaluation,
  FlagFailure,
  type Split,
} from '../../../contracts/flag-document.ts';
import { evaluate, evaluateKey } from '../../../domain/config-document/flags/evaluate.ts';
import { flagProblems } from '../../../domain/config-document/flags/policy.ts';
import { arbitraryOf } from '../arbitrary-of.ts';

const flag: Flag = {
  key: 'checkout',
  enabled: true,
  variants: [
    { name: 'on', value: true },
    { name: 'off', value: false },
  ],
  defaultVariant: 'off',
  rules: [
    { when: [{ attribute: 'staff', test: 'is', values: [true] }], variant: 'on' },
    { when: [], split: { shares: [{ variant: 'on', percent: 10 }] } },
  ],
};

function withSplit(percent: number, by?: string): Flag {
  return { ...flag, rules: [{ when: [], split: { by, shares: [{ variant: 'on', percent }] } }] };
}

const users = Array.from({ length: 20_000 }, (_, index) => `user-${index}`);
const chosen = (of: Flag): Set<string> =>
  new Set(users.filter((targetingKey) => (evaluate(of, { targetingKey }) as FlagEvaluation).value === true));

test('answers in the shape of the remote evaluation protocol', () => {
  expect(evaluate(flag, { targetingKey: 'u', staff: true })).toEqual({
    key: 'checkout',
    value: true,
    variant: 'on',
    reason: 'TARGETING_MATCH',
  });
  expect(evaluate({ ...flag, enabled: false }, {})).toMatchObject({ variant: 'off', reason: 'DISABLED' });
  expect(evaluate({ ...flag, rules: [] }, {})).toMatchObject({ variant: 'off', reason: 'STATIC' });
  expect(evaluate(withSplit(100), { targetingKey: 'u' })).toMatchObject({ variant: 'on', reason: 'SPLIT' });
  expect(evaluate(withSplit(0), { targetingKey: 'u' })).toMatchObject({ variant: 'off', reason: 'DEFAULT' });
  expect(evaluate(flag, {})).toMatchObject({ key: 'checkout', errorCode: 'TARGETING_KEY_MISSING' });
  expect(evaluate(withSplit(5, 'team'), { targetingKey: 'u' })).toMatchObject({
    errorCode: 'INVALID_CONTEXT',
  });
  expect(evaluateKey({ schemaVersion: 1, flags: [flag] }, 'x', {})).toMatchObject({
    errorCode: 'FLAG_NOT_FOUND',
  });
  expect(evaluateKey({ schemaVersion: 1, flags: [flag] }, 'checkout', { staff: true })).toMatchObject({
    value: true,
  });
});

test('a share has its size, and keeps whom it had when it grows', () => {
  const [ten, twenty] = [chosen(withSplit(10)), chosen(withSplit(20))];

  // Within 5 standard deviations.
  expect(Math.abs(ten.size - 2000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.1 * 0.9));
  expect(Math.abs(twenty.size - 4000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.2 * 0.8));
  expect([...ten].filter((user) => !twenty.has(user))).toEqual([]);
});

test('two flags do not choose the same users', () => {
  const [one, other] = [chosen(withSplit(10)), chosen({ ...withSplit(10), key: 'search' })];

  expect([...one].filter((user) => other.has(user)).length).toBeLessThan(300);
});

test.each<[Condition, Record<string, unknown>, boolean]>([
  [{ attribute: 'a', test: 'is', values: ['x', 1] }, { a: 1 }, true],
  [{ attribute: 'a', test: 'is', values: ['1'] }, { a: 1 }, false],
  [{ attribute: 'a', test: 'is-not', values: ['x'] }, { a: 'y' }, true],
  [{ attribute: 'a', test: 'is-not', values: ['x'] }, {}, false],
  [{ attribute: 'a', test: 'starts-with', values: ['x', 'y'] }, { a: 'yes' }, true],
  [{ attribute: 'a', test: 'ends-with', values: ['@x.org'] }, { a: 'u@x.org' }, true],
  [{ attribute: 'a', test: 'ends-with', values: ['1'] }, { a: 1 }, false],
  [{ attribute: 'a', test: 'greater', values: [5] }, { a: 6 }, true],
  [{ attribute: 'a', test: 'greater', values: [5] }, { a: '6' }, false],
  [{ attribute: 'a', test: 'less', values: [5] }, { a: 5 }, false],
  [{ attribute: 'a', test: 'present' }, { a: null }, true],
  [{ attribute: 'toString', test: 'present' }, {}, false],
])('%j of %j: %s', (condition, context, expected) => {
  const rules = [{ when: [condition], variant: 'on' }];

  expect(evaluate({ ...flag, rules }, context)).toMatchObject({ value: expected });
});

const rule = (split: Split) => ({ ...flag, rules: [{ when: [], split }] });

test.each<[string, Flag[], string]>([
  ['a key twice', [flag, flag], '/flags/1/key'],
  [
    'a variant twice',
    [{ ...flag, variants: [...flag.variants, { name: 'on', value: true }] }],
    '/flags/0/variants/2/name',
  ],
  ['two types', [{ ...flag, variants: [...flag.variants, { name: 'x', value: 1 }] }], '/flags/0/variants'],
  ['an unknown default', [{ ...flag, defaultVariant: 'x' }], '/flags/0/defaultVariant'],
  ['an unknown variant', [{ ...flag, rules: [{ when: [], variant: 'x' }] }], '/flags/0/rules/0/variant'],
  [
    'an unknown share',
    [rule({ shares: [{ variant: 'x', percent: 1 }] })],
    '/flags/0/rules/0/split/shares/0/variant',
  ],
  [
    'more than everybody',
    [
      rule({
        shares: [
          { variant: 'on', percent: 60 },
          { variant: 'off', percent: 41 },
        ],
      }),
    ],
    '/flags/0/rules/0/split/shares',
  ],
  ['no outcome', [{ ...flag, rules: [{ when: [] }] }], '/flags/0/rules/0'],
  [
    'a bound that is no number',
    [{ ...flag, rules: [{ when: [{ attribute: 'a', test: 'less', values: ['5'] }], variant: 'on' }] }],
    '/flags/0/rules/0/when/0/values',
  ],
  [
    'nothing to compare with',
    [{ ...flag, rules: [{ when: [{ attribute: 'a', test: 'is' }], variant: 'on' }] }],
    '/flags/0/rules/0/when/0/values',
  ],
])('%s is refused', (_, flags, pointer) => {
  expect(flagProblems({ schemaVersion: 1, flags }).map((each) => each.pointer)).toContain(pointer);
});

test('any flag without a problem gives one of its variants or says why not', () => {
  expect(flagProblems({ schemaVersion: 1, flags: [flag] })).toEqual([]);
  const context = fc.dictionary(fc.constantFrom('targetingKey', 'a', 'or'), fc.jsonValue());
  fc.assert(
    fc.property(arbitraryOf(FlagDocument) as fc.Arbitrary<FlagDocument>, context, (document, attributes) => {
      for (const each of document.flags) {
        const outcome = evaluate(each, attributes);
        expect(Check(FlagEvaluation, outcome) || Check(FlagFailure, outcome)).toBe(true);
      }
    }),
  );
});
