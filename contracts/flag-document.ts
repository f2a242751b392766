import { Type, type Static } from 'typebox';

const Key = Type.String({
  pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$',
  description: 'Letters, digits, underscore, dot and hyphen, 1 to 100 characters',
});

const Text = Type.String({ maxLength: 1024, pattern: '^[^\\u0000]*$' });
const Scalar = Type.Union([Text, Type.Number(), Type.Boolean()]);

const Variant = Type.Object(
  { name: Key, value: Scalar },
  { additionalProperties: false, description: 'Values of one flag are of one type' },
);

/** `present` takes no values; `greater` and `less` take one number. */
const Condition = Type.Object(
  {
    attribute: Key,
    test: Type.Unsafe<'is' | 'is-not' | 'starts-with' | 'ends-with' | 'greater' | 'less' | 'present'>(
      Type.Union(
        ['is', 'is-not', 'starts-with', 'ends-with', 'greater', 'less', 'present'].map((test) =>
          Type.Literal(test),
        ),
      ),
    ),
    values: Type.Optional(Type.Array(Scalar, { maxItems: 1000 })),
  },
  { additionalProperties: false },
);
export type Condition = Static<typeof Condition>;

/** Shares of whom it asks for, by a sticky hash; who is in no share goes on as if it were not there. */
const Split = Type.Object(
  {
    by: Type.Optional(Key),
    shares: Type.Array(
      Type.Object(
        { variant: Key, percent: Type.Number({ minimum: 0, maximum: 100 }) },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 20 },
    ),
  },
  {
    additionalProperties: false,
    description: 'by names the attribute that is hashed; targetingKey when left out',
  },
);
export type Split = Static<typeof Split>;

/** Exactly one of `variant` and `split`. */
const Rule = Type.Object(
  {
    when: Type.Array(Condition, { maxItems: 20, description: 'All of them; none takes everybody' }),
    variant: Type.Optional(Key),
    split: Type.Optional(Split),
  },
  { additionalProperties: false },
);

export const Flag = Type.Object(
  {
    key: Key,
    description: Type.Optional(Text),
    enabled: Type.Boolean({ description: 'false answers the default variant to everybody' }),
    variants: Type.Array(Variant, { minItems: 1, maxItems: 50 }),
    defaultVariant: Key,
    rules: Type.Optional(Type.Array(Rule, { maxItems: 100, description: 'The first that gives a variant' })),
  },
  { additionalProperties: false },
);
export type Flag = Static<typeof Flag>;

/** Feature flags of a fleet, the second type of document: versioned and rolled out as proxies are. */
export const FlagDocument = Type.Object(
  { schemaVersion: Type.Literal(1), flags: Type.Array(Flag, { maxItems: 2000 }) },
  { $id: 'FlagDocument', additionalProperties: false },
);
export type FlagDocument = Static<typeof FlagDocument>;

/** Attributes of whoever asks, as OpenFeature's evaluation context; `targetingKey` names them. */
export const FlagContext = Type.Record(Type.String({ maxLength: 200 }), Type.Unknown(), {
  $id: 'FlagContext',
});
export type FlagContext = Static<typeof FlagContext>;

const reasons = ['STATIC', 'TARGETING_MATCH', 'SPLIT', 'DISABLED', 'DEFAULT'] as const;

/** The success shape of the OpenFeature Remote Evaluation Protocol. */
export const FlagEvaluation = Type.Object({
  key: Type.String(),
  value: Scalar,
  variant: Type.String(),
  reason: Type.Unsafe<(typeof reasons)[number]>(Type.Union(reasons.map((reason) => Type.Literal(reason)))),
});
export type FlagEvaluation = Static<typeof FlagEvaluation>;

const errorCodes = ['FLAG_NOT_FOUND', 'TARGETING_KEY_MISSING', 'INVALID_CONTEXT'] as const;

/** The failure shape of the same protocol. */
export const FlagFailure = Type.Object({
  key: Type.String(),
  errorCode: Type.Unsafe<(typeof errorCodes)[number]>(
    Type.Union(errorCodes.map((code) => Type.Literal(code))),
  ),
  errorDetails: Type.String(),
});
export type FlagFailure = Static<typeof FlagFailure>;
