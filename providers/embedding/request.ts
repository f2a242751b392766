import { OpsError } from '../../domain/errors.ts';
import { requestLimitMs } from './embedding.ts';
import { retryAfterMs } from './retry-after.ts';

export interface EmbeddingRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Taken out of everything that is told. */
  readonly key: string | null;
  readonly signal: AbortSignal;
  readonly limitMs?: number;
}

/** `refused`: for what was in it, or because the service stumbled over it; another request may go well. */
export type EmbeddingAnswer =
  | { readonly kind: 'answered'; readonly body: unknown }
  | { readonly kind: 'refused'; readonly reason: string; readonly isFaultOfService: boolean };

/** What only a person can mend is not asked for every second. */
export const mendedMs = 60_000;
const outageMs = 5000;
const mostOfAnswer = 64 * 1024 * 1024;

/** One POST. Follows no redirect, so that the key goes nowhere else. Throws what concerns more than these texts. */
export async function request(asked: EmbeddingRequest): Promise<EmbeddingAnswer> {
  const { url, headers, body, signal, limitMs = requestLimitMs } = asked;
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
    return answerOf(answer, await readBounded(answer), asked);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof OpsError) throw error;
    if (limit.aborted)
      throw new OpsError('timeout', `${url.host} gave no vectors within ${limitMs / 1000} s`);
    const reason = causeOf(error);
    throw new OpsError(
      'unavailable',
      `${url.host} could not be asked for vectors: ${told(reason, asked.key)}`,
    );
  }
}

function answerOf(
  { status, headers }: Response,
  text: string,
  { url, key }: EmbeddingRequest,
): EmbeddingAnswer {
  if (status >= 200 && status < 300) return { kind: 'answered', body: parsed(text) };
  // Vendors repeat parts of a key when they refuse it.
  if (status === 401 || status === 403)
    throw new OpsError(
      'unavailable',
      `${url.host} answered ${status} and refuses the key; correct what HOLDFAST_EMBEDDING_KEY refers to`,
      { retryAfterMs: mendedMs },
    );
  const reason = `${url.host} answered ${status}${saidIn(text, key)}`;
  if (status === 429)
    throw new OpsError('rate-limited', reason, {
      retryAfterMs: retryAfterMs(headers.get('retry-after'), parsed(text), Date.now()),
    });
  if (status === 400 || status === 413 || status === 422)
    return { kind: 'refused', reason, isFaultOfService: false };
  if (status === 500) return { kind: 'refused', reason, isFaultOfService: true };
  throw new OpsError('unavailable', reason, { retryAfterMs: status >= 500 ? outageMs : mendedMs });
}

async function readBounded(answer: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of answer.body ?? []) {
    length += (part as Uint8Array).length;
    if (length > mostOfAnswer) throw new Error(`the answer is longer than ${mostOfAnswer} bytes`);
    parts.push(part as Uint8Array);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function saidIn(text: string, key: string | null): string {
  const { error } = (parsed(text) ?? {}) as { error?: { message?: unknown } | string };
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
