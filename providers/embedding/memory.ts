import { OpsError } from '../../domain/errors.ts';
import { embedAll } from './embed-all.ts';
import { type Embedding, requestLimitMs } from './embedding.ts';
import type { JsonAnswer } from '../http/post-json.ts';

/** What the twin's service does: `silent` never answers, `busy` asks to come again in 3 s. */
export type MemoryManner = 'answer' | 'busy' | 'silent' | 'deny' | 'down';

export interface MemoryEmbedding extends Embedding {
  behave(how: MemoryManner): void;
  /** How often it was asked. */
  requests(): number;
}

interface MemoryOptions {
  readonly dimensions?: number;
  /** Texts that it refuses, and the whole batch with them. */
  readonly refuses?: (text: string) => boolean;
  readonly limitMs?: number;
}

const batch = 16;

/** The twin: the same text has the same vector everywhere, and texts with the same words have similar ones. */
export function createMemoryEmbedding({
  dimensions = 64,
  refuses = () => false,
  limitMs = requestLimitMs,
}: MemoryOptions = {}): MemoryEmbedding {
  let manner: MemoryManner = 'answer';
  let asked = 0;

  async function ask(texts: readonly string[], signal: AbortSignal): Promise<JsonAnswer> {
    asked += 1;
    signal.throwIfAborted();
    if (manner === 'silent') await silence(limitMs, signal);
    if (manner === 'busy') throw new OpsError('rate-limited', 'the twin is busy', { retryAfterMs: 3000 });
    if (manner === 'deny' || manner === 'down') throw new OpsError('unavailable', `the twin says ${manner}`);
    if (texts.some(refuses))
      return { kind: 'refused', reason: 'the twin refuses a text', isFaultOfService: false };
    return { kind: 'answered', body: texts.map((text) => vectorOf(text, dimensions)) };
  }

  return {
    model: `memory/words/${dimensions}`,
    dimensions,
    batch,
    embed: (texts, signal) =>
      embedAll(
        { batch, dimensions, ask: (part) => ask(part, signal), vectors: (body) => body as unknown[] },
        texts,
      ),
    behave: (how) => void (manner = how),
    requests: () => asked,
  };
}

async function silence(limitMs: number, signal: AbortSignal): Promise<void> {
  const ended = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  await new Promise<void>((resolve) => ended.addEventListener('abort', () => resolve(), { once: true }));
  signal.throwIfAborted();
  throw new OpsError('timeout', `the twin gave no vectors within ${limitMs / 1000} s`);
}

/** Each word adds 1 at its place; a text without a word has a place of its own. */
function vectorOf(text: string, dimensions: number): number[] {
  const vector = new Array<number>(dimensions).fill(0);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text]) {
    const at = hashOf(word) % dimensions;
    vector[at] = (vector[at] ?? 0) + 1;
  }
  return vector;
}

function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at += 1) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
