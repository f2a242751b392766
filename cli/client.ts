import { randomUUID } from 'node:crypto';
import type { Problem } from '../contracts/common.ts';
import { CliError, exitCodeOfProblem, exitCodes } from './exit.ts';

export interface ApiClient {
  readonly url: string;
  get<T>(path: string, query?: Query, headers?: Record<string, string>): Promise<T>;
  /** With the ETag of what people edit; null: it has none. */
  getTagged<T>(path: string): Promise<{ readonly body: T; readonly etag: string | null }>;
  put<T>(path: string, body: unknown, headers?: Record<string, string>): Promise<T>;
  /** Sends an Idempotency-Key of its own, the same one for every try of this call. */
  post<T>(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer<T>>;
  /** A file as it is. */
  upload<T>(path: string, file: { bytes: Buffer; type: string; key: string }): Promise<T>;
  delete(path: string, query?: Query): Promise<void>;
  /** An answer that is no JSON. */
  text(path: string, query: Query): Promise<string>;
  /** The body as it arrives; for event streams. */
  stream(path: string, headers: Record<string, string>): Promise<ReadableStream<Uint8Array>>;
}

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

type Query = Readonly<Record<string, string | number | undefined>>;

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly bytes?: Buffer;
  readonly headers?: Record<string, string>;
}

const retries = 2;

/** Talks to the API; every failure becomes a CliError that says what to do. */
export function createClient(url: string, credential: () => Promise<string | null>): ApiClient {
  async function send({ method, path, body, bytes, headers = {} }: Request): Promise<Response> {
    for (let attempt = 0; ; attempt += 1) {
      const key = await credential();
      const response = await reach(url, path, {
        method,
        headers: {
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? (bytes as RequestInit['body']) : JSON.stringify(body),
      });
      if (response.ok) return response;
      const problem = await problemOf(response);
      if (problem.status === 503 && attempt < retries) {
        await new Promise((resolve) => setTimeout(resolve, 500 * (attempt + 1)));
        continue;
      }
      throw new CliError(exitCodeOfProblem(problem), messageOf(problem), problem);
    }
  }

  return {
    url,
    async get<T>(path: string, query: Query = {}, headers: Record<string, string> = {}) {
      const response = await send({ method: 'GET', path: `${path}${queryText(query)}`, headers });
      return (await response.json()) as T;
    },
    async getTagged<T>(path: string) {
      const response = await send({ method: 'GET', path });
      return { body: (await response.json()) as T, etag: response.headers.get('etag') };
    },
    async put<T>(path: string, body: unknown, headers: Record<string, string> = {}) {
      return (await (await send({ method: 'PUT', path, body, headers })).json()) as T;
    },
    async post<T>(path: string, body: unknown, more: Record<string, string> = {}) {
      const headers = { 'idempotency-key': randomUUID(), ...more };
      const response = await send({ method: 'POST', path, body, headers });
      return { status: response.status, body: (await response.json()) as T };
    },
    async upload<T>(path: string, { bytes, type, key }: { bytes: Buffer; type: string; key: string }) {
      const headers = { 'idempotency-key': key, 'content-type': type };
      return (await (await send({ method: 'POST', path, bytes, headers })).json()) as T;
    },
    async text(path, query) {
      return (await send({ method: 'GET', path: `${path}${queryText(query)}` })).text();
    },
    async delete(path, query = {}) {
      await send({ method: 'DELETE', path: `${path}${queryText(query)}` });
    },
    async stream(path, headers) {
      const { body } = await send({ method: 'GET', path, headers });
      if (body === null) throw new CliError(exitCodes.failed, 'the API answered without a body');
      return body;
    },
  };
}

async function reach(url: string, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(new URL(path, url), init);
  } catch (error) {
    const cause = (error as { cause?: { code?: string; message?: string } }).cause;
    const why = cause?.code ?? cause?.message ?? String(error);
    throw new CliError(
      exitCodes.failed,
      `the API at ${url} does not answer (${why}); start the stack with: holdfast up — or name another API with --api-url`,
    );
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  try {
    const problem = JSON.parse(text) as Problem;
    if (typeof problem.code === 'string' && typeof problem.title === 'string') return problem;
  } catch {
    // Not ours: something between us and the API answered.
  }
  return {
    type: 'about:blank',
    title: `HTTP ${response.status}`,
    status: response.status,
    code: 'internal',
    detail: text.slice(0, 200),
  };
}

function messageOf(problem: Problem): string {
  const lines = [problem.detail ?? problem.title];
  const more = problem.errors ?? [];
  if (more.length > 1) lines.push(...more.map((error) => `  ${error.pointer || '/'} ${error.detail}`));
  return lines.join('\n');
}

function queryText(query: Query): string {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) given.set(key, String(value));
  }
  return given.size === 0 ? '' : `?${given.toString()}`;
}
