import { CliError, exitCodes } from './exit.ts';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A whole number from a flag. */
export function integerOf(flag: string, value: string): number {
  const number = Number(value);
  if (/^[0-9]+$/.test(value) && Number.isSafeInteger(number)) return number;
  throw new CliError(exitCodes.usage, `${flag} must be a whole number, not ${JSON.stringify(value)}`);
}

/** Milliseconds from a flag such as 30s or 10m. */
export function millisecondsOf(flag: string, value: string): number {
  const [, amount, unit] = /^([0-9]{1,9})(ms|s|m|h|d)$/.exec(value) ?? [];
  if (amount !== undefined && unit !== undefined) return Number(amount) * (unitMs[unit] ?? 0);
  throw new CliError(
    exitCodes.usage,
    `${flag} must be a number and a unit, such as 30s or 10m, not ${JSON.stringify(value)}`,
  );
}

export function required(flag: string, value: string | undefined, what: string): string {
  if (value !== undefined && value !== '') return value;
  throw new CliError(exitCodes.usage, `${flag} is required: ${what}`);
}
