import { isoTime } from '../iso-time.ts';

/** What is found in the answer of a vendor on the way of these names; undefined where it ends earlier. Nothing here throws. */
export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

/** A text that says something, or a number as text; else null. */
export function textAt(value: unknown, ...path: readonly string[]): string | null {
  const found = valueAt(value, ...path);
  if (typeof found === 'string') return found.trim() === '' ? null : found;
  return typeof found === 'number' || typeof found === 'boolean' ? String(found) : null;
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? (found as unknown[]) : [];
}

/** ISO 8601 as it is; a number, or a text that is one, as seconds or milliseconds since 1970. */
export function timeAt(value: unknown, ...path: readonly string[]): string | null {
  const found = textAt(value, ...path);
  if (found === null) return null;
  if (!/^\d+(\.\d+)?$/.test(found)) return found;
  const time = Number(found);
  return isoTime(time < 1e11 ? time * 1000 : time);
}

/** Small facts that are there. */
export function factsOf(facts: Readonly<Record<string, string | null>>): Readonly<Record<string, string>> {
  const there = Object.entries(facts).filter((fact): fact is [string, string] => fact[1] !== null);
  return Object.fromEntries(there);
}
