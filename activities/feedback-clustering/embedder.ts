import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import {
  embedLexically,
  emptyLexicalModel,
  fitLexicalModel,
  lexicalDimensions,
  textOf,
  type LexicalModel,
} from '../../domain/feedback-clustering/lexical-model.ts';
import type { Embedding, EmbeddingOutcome } from '../../providers/embedding/embedding.ts';

/** What makes vectors of a project's texts, offline or by a provider. */
export interface Embedder {
  /** Changes with everything that changes a vector. */
  readonly model: string;
  readonly dimensions: number;
  readonly isLexical: boolean;
  readonly batch: number;
  embed(texts: readonly Text[], signal: AbortSignal): Promise<readonly EmbeddingOutcome[]>;
}

export interface Text {
  readonly title: string;
  readonly body: string;
}

/** So many texts at once before others get their turn: about 10 ms. */
const textsPerTurn = 32;

export function lexicalEmbedder(model: LexicalModel, truncateBodyChars: number): Embedder {
  return {
    model: `lexical-${model.version}/${model.texts}-${digestOf(model)}/${truncateBodyChars}`,
    dimensions: lexicalDimensions,
    isLexical: true,
    batch: 256,
    async embed(texts, signal) {
      const outcomes: EmbeddingOutcome[] = [];
      for (const [index, text] of texts.entries()) {
        if (index % textsPerTurn === 0) {
          await turn();
          signal.throwIfAborted();
        }
        outcomes.push({ kind: 'vector', vector: embedLexically(model, textOf(text, truncateBodyChars)) });
      }
      return outcomes;
    },
  };
}

export function providedEmbedder(embedding: Embedding, truncateBodyChars: number): Embedder {
  return {
    model: `${embedding.model}/${truncateBodyChars}`,
    dimensions: embedding.dimensions,
    isLexical: false,
    batch: embedding.batch,
    embed: (texts, signal) =>
      embedding.embed(
        texts.map((text) => textOf(text, truncateBodyChars)),
        signal,
      ),
  };
}

/** The model as it is stored: the number of texts, then how many have each feature. */
export function modelBytes({ texts, textsWith }: LexicalModel): Buffer {
  const bytes = Buffer.alloc(4 + textsWith.byteLength);
  bytes.writeUInt32LE(texts);
  Buffer.from(textsWith.buffer, textsWith.byteOffset, textsWith.byteLength).copy(bytes, 4);
  return bytes;
}

export function modelOf(bytes: Buffer | null): LexicalModel {
  if (bytes === null) return emptyLexicalModel();
  const counts = bytes.buffer.slice(bytes.byteOffset + 4, bytes.byteOffset + bytes.byteLength);
  return { version: 1, texts: bytes.readUInt32LE(), textsWith: new Uint32Array(counts) };
}

/** The model that knows these pages of texts, and no others. */
export async function fitOn(
  pages: AsyncIterable<readonly Text[]>,
  truncateBodyChars: number,
): Promise<LexicalModel> {
  let model = emptyLexicalModel();
  for await (const texts of pages) {
    model = fitLexicalModel(
      model,
      texts.map((text) => textOf(text, truncateBodyChars)),
    );
    await turn();
  }
  return model;
}

function digestOf(model: LexicalModel): string {
  return createHash('sha256').update(modelBytes(model)).digest('hex').slice(0, 8);
}
