import { OpsError } from '../errors.ts';
import { hashOfWord, type LexicalFeatures, lexicalFeatures } from './lexical-features.ts';

/**
 * What words are worth in a project: in how many of its texts each feature is, by hash. Nothing else of the texts is in it. Vectors of
 * different models are not comparable, so a project that fits a new model embeds its items again.
 */
export interface LexicalModel {
  /** Of the rules below: changed rules get a new number. */
  readonly version: 1;
  readonly texts: number;
  readonly textsWith: Uint32Array;
}

const buckets = 2 ** 16;

/** 768 values lose almost nothing against thousands (docs/feedback-clustering.md) and are what hosted models give. */
export const lexicalDimensions = 768;

export function emptyLexicalModel(): LexicalModel {
  return { version: 1, texts: 0, textsWith: new Uint32Array(buckets) };
}

/** The model that knows these texts too. The order does not matter, nor how they are split into calls. */
export function fitLexicalModel(model: LexicalModel, texts: Iterable<string>): LexicalModel {
  const textsWith = model.textsWith.slice();
  let count = model.texts;
  for (const text of texts) {
    count += 1;
    const { words, grams } = lexicalFeatures(text);
    const seen = new Set([...words.keys(), ...grams.keys()].map(bucketOf));
    for (const bucket of seen) textsWith[bucket] = (textsWith[bucket] ?? 0) + 1;
  }
  return { version: 1, texts: count, textsWith };
}

/**
 * The vector of a text, of length 1, or all zeros for a text without a letter or digit: sublinear TF-IDF of its words and its character
 * n-grams, each side with the same weight, hashed into the dimensions with signs (Weinberger et al. 2009). Pure and offline.
 */
export function embedLexically(model: LexicalModel, text: string): Float32Array<ArrayBuffer> {
  const vector = new Float64Array(lexicalDimensions);
  const { words, grams }: LexicalFeatures = lexicalFeatures(text);
  for (const side of [words, grams]) addSide(vector, model, side);
  return Float32Array.from(scaled(vector));
}

/** The text of an item that is compared: its title and the beginning of its body, cut between characters. */
export function textOf(item: { title: string; body: string }, bodyChars = 1500): string {
  if (!Number.isInteger(bodyChars) || bodyChars < 0)
    throw new OpsError('invalid-input', `bodyChars is ${bodyChars}: give a whole number of at least 0`);
  const cut = item.body.slice(0, bodyChars);
  const isTorn = /[\uD800-\uDBFF]$/.test(cut) && cut.length < item.body.length;
  return `${item.title}\n${isTorn ? cut.slice(0, -1) : cut}`;
}

/** How much a word, as `wordsOf` gives it, says in the project: from 1, for what is in every text, upwards. */
export function rarityOfWord(model: LexicalModel, word: string): number {
  return rarity(model, hashOfWord(word));
}

function addSide(vector: Float64Array, model: LexicalModel, counts: ReadonlyMap<number, number>): void {
  const weights = [...counts].map(
    ([feature, count]) => [feature, (1 + Math.log(count)) * rarity(model, feature)] as const,
  );
  const length = Math.sqrt(weights.reduce((sum, [, weight]) => sum + weight * weight, 0));
  for (const [feature, weight] of weights) {
    const at = feature % lexicalDimensions;
    vector[at] = (vector[at] ?? 0) + ((feature >>> 31 === 1 ? 1 : -1) * weight) / length;
  }
}

/** Smoothed inverse document frequency: 1 for what is in every text, and while there are no texts. */
function rarity({ texts, textsWith }: LexicalModel, feature: number): number {
  return Math.log((1 + texts) / (1 + (textsWith[bucketOf(feature)] ?? 0))) + 1;
}

function bucketOf(feature: number): number {
  return Math.imul(feature, 0x9e3779b1) >>> 16;
}

function scaled(vector: Float64Array): Float64Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? vector : vector.map((value) => value / length);
}
