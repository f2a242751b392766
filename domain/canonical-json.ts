import { OpsError } from './errors.ts';

/**
 * JSON by RFC 8785: sorted keys (UTF-16 code units), no spaces, numbers and strings as ECMAScript writes them. A member that is
 * undefined is left out, as JSON does. Throws `invalid-input` for what is no I-JSON: a number that is not finite, half a surrogate
 * pair.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (value === null || typeof value !== 'object') return scalar(value ?? null);
  const members: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined) members.push(`${scalar(key)}:${canonicalJson(member)}`);
  }
  return `{${members.join(',')}}`;
}

/** Whether a text is exactly what `canonicalJson` writes of its value. */
export function isCanonicalJson(text: string): boolean {
  try {
    return canonicalJson(JSON.parse(text)) === text;
  } catch {
    return false;
  }
}

function scalar(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new OpsError('invalid-input', `${value} has no form in JSON`);
  }
  if (typeof value === 'string' && !value.isWellFormed()) {
    throw new OpsError('invalid-input', 'a text holds half a surrogate pair, which is no character');
  }
  return JSON.stringify(value);
}
