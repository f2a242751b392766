/** A check by hand of what comes from outside: true when the value has the shape. */
export type Shape = (value: unknown) => boolean;

export const text: Shape = (value) => typeof value === 'string';
export const boolean: Shape = (value) => typeof value === 'boolean';
export const integer: Shape = (value) => Number.isInteger(value);

export function object(fields: Readonly<Record<string, Shape>>): Shape {
  return (value) => isRecord(value) && Object.entries(fields).every(([key, isField]) => isField(value[key]));
}

export function record(isEntry: Shape): Shape {
  return (value) => isRecord(value) && Object.values(value).every(isEntry);
}

export function array(isItem: Shape): Shape {
  return (value) => Array.isArray(value) && value.every(isItem);
}

export function nullable(isOther: Shape): Shape {
  return (value) => value === null || isOther(value);
}

export function optional(isOther: Shape): Shape {
  return (value) => value === undefined || isOther(value);
}

export function oneOf(known: readonly unknown[]): Shape {
  return (value) => known.includes(value);
}

export function matching(pattern: RegExp): Shape {
  return (value) => typeof value === 'string' && pattern.test(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
