import { OpsError } from '../../domain/errors.ts';
import { parsedJson, readBounded } from './read-bounded.ts';
import { retryAfterMs } from './retry-after.ts';

export interface JsonRequest {
  readonly url: URL;
  /** What is asked for, as people are told it: `vectors`. */
  readonly what: string;
  /** The settings of this service, as people are told them: `HOLDFAST_EMBEDDING`. */
  readonly settings: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Taken out of everything that is told. */
  readonly key: string | null;
  readonly signal: AbortSignal;
  readonly limitMs: number;
}

/** `refused`: for what was in it, or because the service stumbled over it; another request may go well. */
export type JsonAnswer =
  | { readonly kind: 'answered'; readonly body: unknown }
  | { readonly kind: 'refused'; readonly reason: string; readonly isFaultOfService: boolean };

/** What only a person can mend is not asked for every second. */
export const mendedMs = 60_000;
const outageMs = 5000;
const mostOfAnswer = 64 * 1024 * 1024;

/** One POST. Follows no redirect, so that the key goes nowhere else. Throws what concerns more than what was asked: `rate-limited` with `retryAfterMs`, `timeout`, `unavailable`. */
export async function postJson(asked: JsonRequest): Promise<JsonAnswer> {
  const { url, what, headers, body, signal, limitMs } = asked;
  signal.throwIfAborted();
  const limit = AbortSignal.timeout(limitMs);
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.any([signal, limit]),
    });
    return answerOf(answer, await readBounded(answer, mostOfAnswer), asked);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof OpsError) throw error;
    if (limit.aborted)
      throw new OpsError('timeout', `${url.host} gave no ${what} within ${limitMs / 1000} s`);
    const reason = causeOf(error);
    throw new OpsError(
      'unavailable',
      `${url.host} could not be asked for ${what}: ${told(reason, asked.key)}`,
    );
  }
}

function answerOf(
  { status, headers }: Response,
  text: string,
  { url, key, settings }: JsonRequest,
): JsonAnswer {
  if (status >= 200 && status < 300) return { kind: 'answered', body: parsedJson(text) };
  // Vendors repeat parts of a key when they refuse it.
  if (status === 401 || status === 403)
    throw new OpsError(
      'unavailable',
      `${url.host} answered ${status} and refuses the key; correct what ${settings}_KEY refers to`,
      { retryAfterMs: mendedMs },
    );
  const reason = `${url.host} answered ${status}${saidIn(text, key)}`;
  if (status === 429)
    throw new OpsError('rate-limited', reason, {
      retryAfterMs: retryAfterMs(headers.get('retry-after'), parsedJson(text), Date.now()),
    });
  if (status === 400 || status === 413 || status === 422)
    return { kind: 'refused', reason, isFaultOfService: false };
  if (status === 500) return { kind: 'refused', reason, isFaultOfService: true };
  throw new OpsError('unavailable', reason, { retryAfterMs: status >= 500 ? outageMs : mendedMs });
}

function saidIn(text: string, key: string | null): string {
  const { error } = (parsedJson(text) ?? {}) as { error?: { message?: unknown } | string };
  const message = typeof error === 'string' ? error : error?.message;
  return typeof message === 'string' ? `: ${told(message, key)}` : '';
}

function told(reason: string, key: string | null): string {
  return (key === null ? reason : reason.replaceAll(key, '[key]')).slice(0, 200);
}

function causeOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string; message?: string }; message: string };
  return cause?.code ?? cause?.message ?? message;
}
