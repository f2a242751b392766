import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { numbersFrom } from './random-numbers.ts';
import { csvRows } from './csv.ts';

export interface LabelledSet {
  readonly name: string;
  readonly texts: readonly string[];
  readonly labels: readonly string[];
}

export interface DuplicateSet {
  readonly texts: readonly { readonly title: string; readonly body: string }[];
  /** Rows of reports that are duplicates of each other. */
  readonly pairs: readonly (readonly [number, number])[];
}

/** Where labelled data lies; it is not part of the repository. */
export const dataFolder = path.resolve(
  process.env.HOLDFAST_DATA ?? path.join(import.meta.dirname, '../../../shared/data'),
);

/** The sets for development, in a random order that is always the same; null where the data is absent. */
export async function labelledSets(): Promise<LabelledSet[] | null> {
  const files = { banking77: 'banking77/train.csv', clinc: 'clinc/val.csv' };
  const found = await Promise.all(
    Object.entries(files).map(async ([name, file]) => {
      const rows = await rowsOf(file);
      return rows === null ? [] : [labelled(name, shuffled(rows))];
    }),
  );
  return found.some((set) => set.length === 0) ? null : found.flat();
}

export async function duplicateSet(): Promise<DuplicateSet | null> {
  const [bugs, duplicates] = [
    await rowsOf('hadoop-bugs/bugs.csv'),
    await rowsOf('hadoop-bugs/duplicates.csv'),
  ];
  if (bugs === null || duplicates === null) return null;
  const rowOfId = new Map(bugs.map((bug, row) => [bug['Issue id'] ?? '', row]));
  const pairs = duplicates.flatMap((pair) => {
    const from = rowOfId.get(pair['Issue id'] ?? '');
    const ids = (pair['Duplicate id'] ?? '').split(/\D+/);
    return ids.flatMap((id) => {
      const to = rowOfId.get(id);
      return from === undefined || to === undefined ? [] : [[from, to] as const];
    });
  });
  return { texts: bugs.map((bug) => ({ title: bug.Summary ?? '', body: bug.Description ?? '' })), pairs };
}

function labelled(name: string, rows: readonly Record<string, string>[]): LabelledSet {
  return {
    name,
    texts: rows.map(({ text = '' }) => text),
    labels: rows.map(({ category = '' }) => category),
  };
}

async function rowsOf(file: string): Promise<Record<string, string>[] | null> {
  const text = await readFile(path.join(dataFolder, file), 'utf8').catch(() => null);
  return text === null ? null : csvRows(text);
}

function shuffled<T>(items: readonly T[]): T[] {
  const next = numbersFrom(77);
  return items
    .map((item) => ({ item, key: next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
