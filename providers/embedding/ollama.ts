import { embedAll } from './embed-all.ts';
import { type Embedding, requestLimitMs } from './embedding.ts';
import { postJson } from '../http/post-json.ts';
import { under } from '../http/safe-url.ts';
import { asked, type VendorOptions } from './vendor.ts';

const batch = 32;

/** `POST /api/embed` of Ollama. A text that is too long for the model is cut by Ollama; a vector without numbers is its 500. */
export function createOllamaEmbedding({
  url,
  model,
  dimensions,
  key,
  limitMs = requestLimitMs,
}: VendorOptions): Embedding {
  return {
    model: `ollama/${model}/${dimensions}`,
    dimensions,
    batch,
    async embed(texts, signal) {
      // Ollama itself asks for no key; a proxy before it may.
      const secret = (await key?.()) ?? null;
      const headers: Record<string, string> = secret === null ? {} : { authorization: `Bearer ${secret}` };
      const ask = (input: readonly string[]) =>
        postJson({
          ...asked,
          url: under(url, '/api/embed'),
          headers,
          body: { model, input, truncate: true, dimensions },
          key: secret,
          signal,
          limitMs,
        });
      return embedAll({ batch, dimensions, ask, vectors }, texts);
    },
  };
}

function vectors(body: unknown, count: number): unknown[] | null {
  const { embeddings } = (body ?? {}) as { embeddings?: unknown };
  return Array.isArray(embeddings) && embeddings.length === count ? (embeddings as unknown[]) : null;
}
