import { OpsError } from './errors.ts';

/**
 * JSON by RFC 8785: sorted keys (UTF-16 code units), no spaces, numbers and strings as ECMAScript writes them. A member that is
 * undefined is left out, as JSON does. Throws `invalid-input` for what is no I-JSON: a number that is not finite, half a surrogate
 * pair.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (value === null || typeof value !== 'object') return scalar(value ?? null);
  let members = '';
  for (const key of sortedKeys(value)) {
    const member = (value as Record<string, unknown>)[key];
    if (member === undefined) continue;
    members += `${members === '' ? '' : ','}${scalar(key)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}

/** What was canonical before it was parsed comes in order. */
function sortedKeys(value: object): string[] {
  const keys = Object.keys(value);
  const isSorted = keys.every((key, index) => index === 0 || (keys[index - 1] ?? '') < key);
  return isSorted ? keys : keys.sort();
}

/** The value of a text that is exactly what `canonicalJson` writes of it; undefined for any other text. */
export function parseCanonicalJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return canonicalJson(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Text that is written as it is, which most text is. */
const plain = /^[ !#-[\]-~]*$/;

function scalar(value: unknown): string {
  if (typeof value === 'string' && plain.test(value)) return `"${value}"`;
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new OpsError('invalid-input', `${value} has no form in JSON`);
  }
  if (typeof value === 'string' && !value.isWellFormed()) {
    throw new OpsError('invalid-input', 'a text holds half a surrogate pair, which is no character');
  }
  return JSON.stringify(value);
}
