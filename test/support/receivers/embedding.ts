import type { IncomingMessage, ServerResponse } from 'node:http';
import { flood, startHttpServer } from './http-server.ts';

/** What the service does with the next requests. */
export type EmbeddingManner = 'answer' | 'busy' | 'silent' | 'deny' | 'down' | 'flood' | 'short' | 'redirect';

export interface FakeEmbedding {
  readonly url: string;
  readonly key: string;
  requests(): number;
  behave(how: EmbeddingManner): void;
  close(): Promise<void>;
}

/** Texts with these words are what services stumble over: refused with their batch, crashed on, or answered with what is no vector. */
export const badWords = {
  refused: 'REFUSED',
  crash: 'CRASH',
  wrong: 'WRONGSIZE',
  infinite: 'INFINITE',
} as const;

/** One vendor's published contract: what it demands of a request, and how it writes answers and errors. */
interface Dialect {
  readonly base: string;
  readonly path: string;
  keyOf(request: IncomingMessage): string | undefined;
  /** The texts, or null for a body that the vendor would not take. */
  textsOf(body: Readonly<Record<string, unknown>>): readonly string[] | null;
  /** The vectors of the texts from this one on. */
  answer(vectors: readonly (readonly number[])[], from: number): unknown;
  error(status: number, message: string): unknown;
  readonly retryInBody: boolean;
}

const dimensions = 8;
export const fakeModel = 'text-embedding-3-fake';

const dialects = {
  openai: {
    base: '/v1',
    path: '/v1/embeddings',
    keyOf: bearer,
    textsOf: (body) =>
      hasOnly(body, ['model', 'input', 'encoding_format', 'dimensions']) &&
      body['model'] === fakeModel &&
      body['encoding_format'] === 'float' &&
      body['dimensions'] === dimensions
        ? strings(body['input'], 2048)
        : null,
    // In another order than asked: the index counts.
    answer: (vectors, from) => ({
      object: 'list',
      model: fakeModel,
      data: vectors.map((embedding, at) => ({ object: 'embedding', index: from + at, embedding })).reverse(),
      usage: { prompt_tokens: 8, total_tokens: 8 },
    }),
    error: (_, message) => ({ error: { message, type: 'invalid_request_error', param: null, code: null } }),
    retryInBody: false,
  },
  gemini: {
    base: '/v1beta',
    path: `/v1beta/models/${fakeModel}:batchEmbedContents`,
    keyOf: (request) => request.headers['x-goog-api-key']?.toString(),
    textsOf: (body) => {
      if (!hasOnly(body, ['requests']) || !Array.isArray(body['requests'])) return null;
      const texts = (body['requests'] as Readonly<Record<string, unknown>>[]).map((one) => {
        const isTaken =
          hasOnly(one, ['model', 'content', 'outputDimensionality', 'taskType']) &&
          one['model'] === `models/${fakeModel}` &&
          one['outputDimensionality'] === dimensions;
        const { parts } = one['content'] as { parts: { text: string }[] };
        return isTaken ? parts[0]?.text : null;
      });
      return strings(texts, 100);
    },
    answer: (vectors) => ({ embeddings: vectors.map((values) => ({ values })) }),
    error: (code, message) => ({ error: { code, message, status: 'INVALID_ARGUMENT', details: [] } }),
    retryInBody: true,
  },
  ollama: {
    base: '',
    path: '/api/embed',
    keyOf: bearer,
    textsOf: (body) =>
      hasOnly(body, ['model', 'input', 'truncate', 'dimensions']) && body['model'] === fakeModel
        ? strings(body['input'], 1_000_000)
        : null,
    answer: (embeddings) => ({ model: fakeModel, embeddings, total_duration: 1, prompt_eval_count: 1 }),
    error: (_, message) => ({ error: message }),
    retryInBody: false,
  },
} as const satisfies Record<string, Dialect>;

export type EmbeddingDialect = keyof typeof dialects;

/** A service that speaks like the vendor, over real HTTP, with vectors of 8 values. What the real one would refuse, this one refuses. */
export async function startFakeEmbedding(vendor: EmbeddingDialect): Promise<FakeEmbedding> {
  const dialect: Dialect = dialects[vendor];
  const key = 'fake-key-of-the-service-7d1f';
  let manner: EmbeddingManner = 'answer';
  let requests = 0;

  function handle(request: IncomingMessage, body: string, response: ServerResponse): void {
    requests += 1;
    if (manner === 'silent') return;
    if (manner === 'flood') return flood(response, 200, 'application/json');
    const say = (status: number, content: unknown, headers: Record<string, string> = {}) =>
      void response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(content).replaceAll('"infinite"', '1e999'));
    const refuse = (status: number, message: string) => say(status, dialect.error(status, message));
    if (manner === 'down') return refuse(503, 'overloaded');
    if (manner === 'redirect') return say(307, {}, { location: `http://127.0.0.1:1/${request.url}` });
    if (manner === 'busy') return busy(dialect, say);
    if (manner === 'deny' || dialect.keyOf(request) !== key)
      return refuse(401, `wrong key ${key.slice(0, 8)}***`);
    if (request.method !== 'POST' || request.url !== dialect.path) return refuse(404, 'no such model');
    const texts = dialect.textsOf(JSON.parse(body) as Record<string, unknown>);
    if (texts === null) return refuse(400, 'the body is not valid');
    if (texts.some((text) => text.includes(badWords.refused))) return refuse(400, `too long, says ${key}`);
    if (texts.some((text) => text.includes(badWords.crash))) return refuse(500, 'unsupported value: NaN');
    const vectors = texts.map(vectorOf);
    const from = manner === 'short' ? 1 : 0;
    say(200, dialect.answer(vectors.slice(from), from));
  }

  const server = await startHttpServer(handle);
  return {
    url: `http://127.0.0.1:${server.port}${dialect.base}`,
    key,
    requests: () => requests,
    behave: (how) => void (manner = how),
    close: () => server.close(),
  };
}

type Say = (status: number, content: unknown, headers?: Record<string, string>) => void;

function busy({ retryInBody, error }: Dialect, say: Say): void {
  if (!retryInBody) return say(429, error(429, 'too many'), { 'retry-after': '3' });
  const retry = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '3s' };
  say(429, { error: { code: 429, message: 'quota', status: 'RESOURCE_EXHAUSTED', details: [retry] } });
}

/** Not of length 1, so that whoever asks has to see to it. */
function vectorOf(text: string): number[] {
  const letters = [...text].map((letter) => letter.codePointAt(0) ?? 0);
  const vector = Array.from(
    { length: dimensions },
    (_, at) => 1 + letters.filter((one) => one % 8 === at).length,
  );
  if (text.includes(badWords.wrong)) return vector.slice(1);
  return text.includes(badWords.infinite) ? vector.with(3, 'infinite' as unknown as number) : vector;
}

function bearer(request: IncomingMessage): string | undefined {
  return /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
}

function hasOnly(body: Readonly<Record<string, unknown>>, fields: readonly string[]): boolean {
  return Object.keys(body).every((field) => fields.includes(field));
}

/** Vendors refuse empty texts and lists, and more than they take at once. */
function strings(value: unknown, most: number): readonly string[] | null {
  if (!Array.isArray(value) || value.length === 0 || value.length > most) return null;
  return value.every((text) => typeof text === 'string' && text !== '') ? (value as string[]) : null;
}
