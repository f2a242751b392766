import { OpsError } from './errors.ts';

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of a time span such as `500ms`, `30s`, `2m`, `1h`, `7d` or `0`. Throws `invalid-input` that names the text. */
export function parseDuration(text: string): number {
  if (text === '0') return 0;
  const parts = /^([0-9]{1,9})(ms|s|m|h|d)$/.exec(text);
  if (parts === null) {
    throw new OpsError(
      'invalid-input',
      `${JSON.stringify(text)} is no duration; write a number and a unit: 500ms, 30s, 2m, 1h, 7d`,
    );
  }
  return Number(parts[1]) * units[parts[2] as keyof typeof units];
}

/** The shortest exact spelling of a time span in milliseconds. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0';
  for (const [unit, size] of Object.entries(units).reverse()) {
    if (ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${Math.round(ms)}ms`;
}
