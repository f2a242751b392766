import { commonTitle } from './common-title.ts';
import { embedLexically, emptyLexicalModel } from './lexical-model.ts';
import { dot } from './vectors.ts';

export interface DescribedItem {
  readonly title: string;
  readonly body: string;
}

export interface Description {
  /** At most 80 characters. */
  readonly title: string;
  /** Sentences of the items themselves, at most 300 characters; empty when there are none. */
  readonly summary: string;
}

const longestTitle = 80;
const longestSummary = 300;
const mostSentences = 3;
/** Of a large cluster: more would cost time and change little. */
const mostItems = 20;
/** Of one item: the first ones say what it is about. */
const sentencesOfItem = 6;
const mostOfBody = 1500;
/** Cosine from which on two sentences say the same. */
const repeated = 0.6;
/** A sentence this much further from the middle than the nearest one is about something else. */
const aside = 0.6;

/** What a cluster is about, in the words of its items: the medoid's title without what is another in the others, and the sentences nearest to the middle of all. */
export function describeCluster(medoid: DescribedItem, items: readonly DescribedItem[]): Description {
  const titles = [medoid, ...items].map((item) => item.title).filter((text) => text.trim() !== '');
  const title = medoid.title.trim() === '' ? '' : cleanTitle(commonTitle(titles));
  const [first = ''] = sentencesOf(medoid.body);
  return {
    title: shortened(title === '' ? first : title, longestTitle) || 'Untitled',
    summary: summaryOf(items.slice(0, mostItems)),
  };
}

/** Without what trackers and people put before a title: `Re:`, `[Bug]`, `bug:`, marks of Markdown. */
function cleanTitle(title: string): string {
  const plain = plainText(title).replace(
    /^(?:(?:re|fwd?|bug|issue|feature request)\s*:\s*|\[[^\]]{0,30}\]\s*:?\s*)+/i,
    '',
  );
  return plain.replace(/[\s.:;,-]+$/u, '');
}

function summaryOf(items: readonly DescribedItem[]): string {
  const model = emptyLexicalModel();
  const centroid = new Float64Array(embedLexically(model, '').length);
  for (const { title, body } of items) {
    const vector = embedLexically(model, `${title}\n${body.slice(0, mostOfBody)}`);
    for (const [k, value] of vector.entries()) centroid[k] = (centroid[k] ?? 0) + value;
  }
  const sentences = [...new Set(items.flatMap(({ body }) => sentencesOf(body).slice(0, sentencesOfItem)))]
    .map((text) => ({ text, vector: embedLexically(model, text) }))
    .map((sentence) => ({ ...sentence, score: Math.round(dot(sentence.vector, centroid) * 1e9) }))
    .sort((a, b) => b.score - a.score || (a.text < b.text ? -1 : 1));
  const chosen: typeof sentences = [];
  for (const sentence of sentences) {
    const length = chosen.reduce((sum, { text }) => sum + text.length + 1, 0);
    if (chosen.length > 0 && length + sentence.text.length > longestSummary) continue;
    if (sentence.score < aside * (chosen[0]?.score ?? 0)) break;
    if (chosen.some(({ vector }) => dot(vector, sentence.vector) > repeated)) continue;
    if (chosen.push(sentence) === mostSentences) break;
  }
  return shortened(chosen.map(({ text }) => text).join(' '), longestSummary);
}

/** Sentences of prose, of at least three words; code, frames of stacks and quotes say little to a reader. */
function sentencesOf(body: string): string[] {
  return body
    .slice(0, mostOfBody)
    .replaceAll(/```[\s\S]*?(?:```|$)/g, '\n')
    .split(/\n+/)
    .filter((line) => !/^\s*(?:at |>|File "|\||#)/.test(line))
    .flatMap((line) => line.split(/(?<=[.!?。!?])\s+/u))
    .map(plainText)
    .filter((sentence) => /\S+\s+\S+\s+\S+/.test(sentence) || /\p{Script=Han}{6}/u.test(sentence));
}

function plainText(text: string): string {
  return text
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/(?<![\p{L}\p{N}])[`*~]{1,3}(?=\S)|(?<=\S)[`*~]{1,3}(?![\p{L}\p{N}])/gu, '')
    .replaceAll(/^[\s#>*-]+/g, '')
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .trim();
}

/** Cut between words where there are any, never within a character. */
function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const cut = text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '');
  const words = cut.replace(/\s+\S*$/, '');
  return `${words.length > most / 2 ? words : cut}…`;
}
