import { CliError, exitCodes } from './exit.ts';

/** A failure on order: what share of answers fails, how much later they come, or that the process dies. */
export type Fault =
  | { readonly kind: 'error-rate'; readonly percent: number }
  | { readonly kind: 'latency'; readonly ms: number }
  | { readonly kind: 'down' };

/** Reads `error-rate=5` (percent), `latency=500` (milliseconds) or `down`. */
export function parseFault(text: string): Fault {
  const [, kind, amount] = /^(error-rate|latency)=([0-9]+(?:\.[0-9]+)?)$/.exec(text) ?? [];
  if (text === 'down') return { kind: 'down' };
  if (kind === 'error-rate' && Number(amount) <= 100) return { kind, percent: Number(amount) };
  if (kind === 'latency') return { kind, ms: Number(amount) };
  throw new CliError(
    exitCodes.usage,
    `--fault must be error-rate=PERCENT, latency=MILLISECONDS or down, not ${JSON.stringify(text)}`,
  );
}
