import fc from 'fast-check';

/** What of JSON schema the contracts use. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** Texts with what could break out of a word, a line or an expression, for wherever the pattern lets them through. */
export const nastyTexts = [
  "a'b",
  'a"b',
  'a b',
  'a#b',
  'a\\b',
  'a%b',
  '%[env(HOME)]',
  '${HOME}',
  '$HOME',
  '"${HOME}"',
  '}',
  '{',
  '||',
  '-f',
  '--',
  'or',
  'if',
  'unless',
  '\\x27',
  "'",
  '/a;b',
  'a\nserver x 1.2.3.4:5',
  'a\r\nbackend b',
  'a\tb',
  'zwölf \u{1f600}',
  '@@a',
  '!{',
  "/'%[src]'#",
  '"%[src]"',
  'a,b',
  'str(x)',
  ')',
];

/** Values that a schema takes, among them the nasty ones; arrays are short. */
export function arbitraryOf(contract: object): fc.Arbitrary<unknown> {
  const schema = contract as Schema;
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(arbitraryOf));
  switch (schema.type) {
    case 'object':
      return arbitraryObject(schema);
    case 'array':
      return fc.array(arbitraryOf(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 4, 4),
      });
    case 'integer':
      return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 1_000_000 });
    case 'number':
      return fc.double({ min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e6, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'string':
      return arbitraryText(schema);
    default:
      throw new Error(`no values for ${JSON.stringify(schema)}`);
  }
}

function arbitraryObject({ properties = {}, required = [] }: Schema): fc.Arbitrary<unknown> {
  const model = Object.fromEntries(
    Object.entries(properties).map(([key, value]) => [key, arbitraryOf(value)]),
  );
  return fc.record(model, { requiredKeys: [...required], noNullPrototype: true });
}

function arbitraryText({ pattern = '^.*$', maxLength = 300 }: Schema): fc.Arbitrary<string> {
  const fits = new RegExp(pattern, 'u');
  const nasty = nastyTexts.flatMap((text) => [text, `/${text}`]).filter((text) => fits.test(text));
  const any = fc.stringMatching(fits, { size: '-1' }).filter((text) => text.length <= maxLength);
  return nasty.length === 0 ? any : fc.oneof(any, fc.constantFrom(...nasty));
}
