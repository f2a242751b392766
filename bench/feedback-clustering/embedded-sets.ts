import { sharedRows } from '../../clustering-threads/clustering-threads.ts';
import {
  embedLexically,
  emptyLexicalModel,
  fitLexicalModel,
  lexicalDimensions,
} from '../../domain/feedback-clustering/lexical-model.ts';
import { labelledSets } from './labelled-sets.ts';
import type { PeerTask } from './sklearn-peer.ts';

/** The development sets as vectors of the offline embedding; null where the data is absent. */
export async function embeddedSets(rows: number): Promise<PeerTask[] | null> {
  const sets = await labelledSets();
  if (sets === null) return null;
  return sets.map(({ texts }) => ({
    values: embedAll(texts.slice(0, rows)),
    dimensions: lexicalDimensions,
    threshold: 0.18,
  }));
}

/** Rows in shared memory, by a model of these texts alone. */
export function embedAll(texts: readonly string[]): Float32Array {
  const model = fitLexicalModel(emptyLexicalModel(), texts);
  const values = sharedRows(texts.length, lexicalDimensions);
  for (const [row, text] of texts.entries()) values.set(embedLexically(model, text), row * lexicalDimensions);
  return values;
}
