import { OpsError } from '../../domain/errors.ts';
import { parsedJson, readBounded } from '../http/read-bounded.ts';

const mostOfAnswer = 32 * 1024 * 1024;
const limitMs = 30_000;

export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** null where the body is no JSON. */
  readonly body: unknown;
}

/** A request for JSON that ends after 30 s or 32 MiB at the latest. Throws `unavailable` where nothing answers, and for a 5xx. */
export async function fetchJson(
  url: string,
  { signal, ...init }: RequestInit & { readonly signal: AbortSignal },
): Promise<JsonAnswer> {
  const { host } = new URL(url);
  try {
    const answer = await follow(url, {
      ...init,
      signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
    });
    const text = await readBounded(answer, mostOfAnswer);
    if (answer.status >= 500) throw new Error(`it answers ${answer.status}`);
    return { status: answer.status, headers: answer.headers, body: parsedJson(text) };
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
    throw new OpsError('unavailable', `${host} does not answer as it should: ${cause}`, {}, error);
  }
}

const mostHops = 3;

/** Goes on where a repository was renamed, on the same server only: a token is not for another one. */
async function follow(url: string, init: RequestInit): Promise<Response> {
  let at = url;
  for (let hop = 0; ; hop += 1) {
    const answer = await fetch(at, { ...init, redirect: 'manual' });
    const location = answer.headers.get('location');
    if (answer.status < 300 || answer.status > 399 || location === null || hop === mostHops) return answer;
    const next = new URL(location, at);
    if (next.origin !== new URL(at).origin) return answer;
    await answer.body?.cancel();
    at = next.href;
  }
}
