import { embedAll } from './embed-all.ts';
import { type Embedding, requestLimitMs } from './embedding.ts';
import { postJson } from '../http/post-json.ts';
import { under } from '../http/safe-url.ts';
import { asked, type VendorOptions } from './vendor.ts';

const batch = 96;

/** `POST /embeddings` of OpenAI, and of what speaks like it: vLLM, LocalAI, LiteLLM, text-embeddings-inference. */
export function createOpenAiEmbedding({
  url,
  model,
  dimensions,
  key,
  limitMs = requestLimitMs,
}: VendorOptions): Embedding {
  return {
    model: `openai/${model}/${dimensions}`,
    dimensions,
    batch,
    async embed(texts, signal) {
      const secret = (await key?.()) ?? null;
      const headers: Record<string, string> = secret === null ? {} : { authorization: `Bearer ${secret}` };
      const ask = (input: readonly string[]) =>
        postJson({
          ...asked,
          url: under(url, '/embeddings'),
          headers,
          body: { model, input, encoding_format: 'float', ...shortening(model, dimensions) },
          key: secret,
          signal,
          limitMs,
        });
      return embedAll({ batch, dimensions, ask, vectors }, texts);
    },
  };
}

/** Only these models can shorten their vectors; others refuse the field. */
function shortening(model: string, dimensions: number): { dimensions?: number } {
  return /(^|\/)text-embedding-3/.test(model) ? { dimensions } : {};
}

/** By `index`, as published; in their order where no answer has one. */
function vectors(body: unknown, count: number): unknown[] | null {
  const { data } = (body ?? {}) as { data?: unknown };
  if (!Array.isArray(data)) return null;
  const rows = data as readonly ({ index?: unknown; embedding?: unknown } | null)[];
  if (rows.every((row) => row?.index === undefined))
    return rows.length === count ? rows.map((row) => row?.embedding) : null;
  const found = new Array<unknown>(count).fill(null);
  for (const row of rows)
    if (typeof row?.index === 'number' && row.index in found) found[row.index] = row.embedding;
  return found;
}
