import { type LexicalModel, rarityOfWord } from './lexical-model.ts';
import { wordsOf } from './lexical-features.ts';
import { cosine, type VectorSet } from './vectors.ts';

export interface ExplainedItem {
  readonly id: string;
  readonly row: number;
  readonly text: string;
}

export interface MembershipFacts {
  readonly item: ExplainedItem;
  /** The others of its cluster, or some of them. */
  readonly members: readonly ExplainedItem[];
  /** Rows of clusters that it could have gone to. */
  readonly others: readonly { readonly clusterId: string; readonly rows: readonly number[] }[];
  readonly vectors: VectorSet;
  readonly model: LexicalModel;
  readonly rule: MembershipRule;
}

/** What put the item there: people before fingerprints before similarity; `alone` for a cluster of one. */
export type MembershipRule = 'person' | 'fingerprint' | 'similarity' | 'alone';

export interface Membership {
  /** Of this explanation. */
  readonly version: 1;
  readonly rule: MembershipRule;
  /** Average cosine to the others of the cluster; null for an item alone. */
  readonly similarity: number | null;
  readonly nearest: { readonly id: string; readonly similarity: number } | null;
  /** The cluster that was next, by average cosine, and how far behind it is. */
  readonly second: {
    readonly clusterId: string;
    readonly similarity: number;
    readonly margin: number;
  } | null;
  /** Words that it shares with the cluster, those that say most first; the weights add up to 1. */
  readonly terms: readonly { readonly term: string; readonly weight: number }[];
}

const mostTerms = 5;

/** Why an item is in its cluster. */
export function explainMembership(facts: MembershipFacts): Membership {
  const { item, members, others, vectors, rule } = facts;
  const toOwn = members.map(({ id, row }) => ({ id, similarity: cosine(vectors, item.row, row) }));
  const [nearest = null] = toOwn.toSorted((a, b) => b.similarity - a.similarity || (a.id < b.id ? -1 : 1));
  const similarity = members.length === 0 ? null : average(toOwn.map((one) => one.similarity));
  const [next] = others
    .filter(({ rows }) => rows.length > 0)
    .map(({ clusterId, rows }) => ({
      clusterId,
      similarity: average(rows.map((row) => cosine(vectors, item.row, row))),
    }))
    .sort((a, b) => b.similarity - a.similarity || (a.clusterId < b.clusterId ? -1 : 1));
  return {
    version: 1,
    rule,
    similarity: similarity === null ? null : rounded(similarity),
    nearest: nearest === null ? null : { id: nearest.id, similarity: rounded(nearest.similarity) },
    second: next === undefined ? null : secondOf(next, similarity ?? 0),
    terms: termsOf(facts),
  };
}

function secondOf(next: { clusterId: string; similarity: number }, own: number): Membership['second'] {
  return { ...next, similarity: rounded(next.similarity), margin: rounded(own - next.similarity) };
}

/** A word says the more the more of the cluster have it and the fewer of all texts. */
function termsOf({ item, members, model }: MembershipFacts): Membership['terms'] {
  const sets = members.map(({ text }) => new Set(wordsOf(text)));
  const weighted = [...new Set(wordsOf(item.text))]
    .map((term) => {
      const share = sets.filter((words) => words.has(term)).length / Math.max(1, sets.length);
      return { term, weight: share * rarityOfWord(model, term) };
    })
    .filter(({ term, weight }) => weight > 0 && term.length > 1)
    .sort((a, b) => b.weight - a.weight || b.term.length - a.term.length || (a.term < b.term ? -1 : 1))
    .slice(0, mostTerms);
  const whole = weighted.reduce((sum, { weight }) => sum + weight, 0);
  return weighted.map(({ term, weight }) => ({ term, weight: rounded(weight / whole) }));
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
