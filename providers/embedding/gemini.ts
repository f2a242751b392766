import { embedAll } from './embed-all.ts';
import { type Embedding, requestLimitMs } from './embedding.ts';
import { postJson } from '../http/post-json.ts';
import { under } from '../http/safe-url.ts';
import { asked, type VendorOptions } from './vendor.ts';

const batch = 100;

/** `models/…:batchEmbedContents` of the Gemini API. Shortened vectors come without the length 1; they have it afterwards. */
export function createGeminiEmbedding({
  url,
  model,
  dimensions,
  key,
  limitMs = requestLimitMs,
}: VendorOptions): Embedding {
  const name = `models/${model}`;
  return {
    model: `gemini/${model}/${dimensions}`,
    dimensions,
    batch,
    async embed(texts, signal) {
      const secret = (await key?.()) ?? null;
      const one = (text: string) => ({
        model: name,
        content: { parts: [{ text }] },
        outputDimensionality: dimensions,
        ...purpose(model),
      });
      const ask = (part: readonly string[]) =>
        postJson({
          ...asked,
          url: under(url, `/${name}:batchEmbedContents`),
          headers: secret === null ? {} : { 'x-goog-api-key': secret },
          body: { requests: part.map(one) },
          key: secret,
          signal,
          limitMs,
        });
      return embedAll({ batch, dimensions, ask, vectors }, texts);
    },
  };
}

/** Later models are told their purpose within the text and know no such field. */
function purpose(model: string): { taskType?: 'CLUSTERING' } {
  return model === 'gemini-embedding-001' ? { taskType: 'CLUSTERING' } : {};
}

function vectors(body: unknown, count: number): unknown[] | null {
  const { embeddings } = (body ?? {}) as { embeddings?: unknown };
  if (!Array.isArray(embeddings) || embeddings.length !== count) return null;
  return (embeddings as readonly ({ values?: unknown } | null)[]).map((embedding) => embedding?.values);
}
