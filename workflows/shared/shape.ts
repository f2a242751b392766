/** Shapes of what anyone may type into the Temporal UI; checked by hand, since nothing but our code runs in the sandbox. */
export function isUlid(value: unknown): value is string {
  return typeof value === 'string' && /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(value);
}

export function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 500;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
