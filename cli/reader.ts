import { CliError, exitCodes } from './exit.ts';
import { nearest } from './nearest.ts';
import type { Path, YamlSource } from './yaml-source.ts';

/** A place in a file together with what stands there; every fault names file, line and column. */
export interface Place {
  readonly source: YamlSource;
  readonly path: Path;
  readonly value: unknown;
}

export function rootOf(source: YamlSource): Place {
  return { source, path: [], value: source.value };
}

/** Throws the fault of a place. */
export function wrong(place: Place, what: string, options: { key?: boolean } = {}): never {
  throw new CliError(
    exitCodes.usage,
    `${place.source.at(place.path, options)}: ${nameOf(place.path)}${what}`,
  );
}

/** The members of a mapping; unknown ones are refused with the nearest known name. */
export function members<K extends string>(place: Place, known: readonly K[]): Partial<Record<K, Place>> {
  const { value } = place;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return wrong(place, `must be a mapping with ${known.join(', ')}`);
  }
  const found: Partial<Record<K, Place>> = {};
  for (const [key, inner] of Object.entries(value)) {
    const at = { source: place.source, path: [...place.path, key], value: inner as unknown };
    if (!(known as readonly string[]).includes(key)) {
      const meant = nearest(key, known);
      wrong(
        at,
        `is not known here; ${meant === null ? `known are ${known.join(', ')}` : `did you mean ${meant}?`}`,
        { key: true },
      );
    }
    found[key as K] = at;
  }
  return found;
}

export function items(place: Place): Place[] {
  const { value, source, path } = place;
  if (!Array.isArray(value) || value.length === 0)
    return wrong(place, 'must be a list with at least one item');
  return value.map((inner: unknown, index) => ({ source, path: [...path, index], value: inner }));
}

export function text(place: Place): string {
  return typeof place.value === 'string'
    ? place.value
    : wrong(place, `must be text, not ${shown(place.value)}`);
}

export function integer(place: Place): number {
  if (Number.isInteger(place.value)) return place.value as number;
  return wrong(place, `must be a whole number, not ${shown(place.value)}`);
}

/** A duration as we write it. Argo's bare numbers are seconds. */
export function duration(place: Place): string {
  const { value } = place;
  if (Number.isInteger(value) && (value as number) >= 0) return value === 0 ? '0' : `${String(value)}s`;
  if (typeof value === 'string' && /^(0|[0-9]{1,9}(ms|s|m|h|d))$/.test(value)) return value;
  return wrong(place, `must be a duration such as 30s or 2m, not ${shown(value)}`);
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}

function nameOf(path: Path): string {
  return path.length === 0 ? '' : `${path.join('.')} `;
}

export function oneOf<T extends string>(place: Place, allowed: readonly T[]): T {
  const given = text(place);
  return (
    allowed.find((word) => word === given) ?? wrong(place, `must be ${allowed.join(' or ')}, not ${given}`)
  );
}

export function truth(place: Place): boolean {
  if (typeof place.value === 'boolean') return place.value;
  return wrong(place, 'must be true or false');
}
