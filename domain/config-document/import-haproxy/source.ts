import { readWords } from './read-words.ts';

/** A line with something on it. */
export interface SourceLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** null: what it means depends on the machine. */
  readonly words: readonly string[] | null;
}

export interface Section {
  readonly heading: SourceLine;
  readonly kind: string;
  readonly name: string;
  readonly lines: readonly SourceLine[];
}

/** What became of a line. `kept`: the document says the same. */
export type Reading = 'kept' | { readonly changed: string } | { readonly lost: string };

const kinds = new Set([
  ...['global', 'defaults', 'frontend', 'backend', 'listen', 'peers', 'resolvers', 'mailers', 'userlist'],
  ...['cache', 'program', 'ring', 'http-errors', 'fcgi-app', 'log-forward'],
]);

/** Lines before the first section come first. */
export function splitSections(text: string): { readonly loose: SourceLine[]; readonly sections: Section[] } {
  const loose: SourceLine[] = [];
  const sections: (Section & { lines: SourceLine[] })[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const words = readWords(line);
    if (words?.length === 0) continue;
    const source = { number: index + 1, text: line.trim(), words };
    const [kind = '', name = ''] = words ?? [];
    if (kinds.has(kind)) sections.push({ heading: source, kind, name, lines: [] });
    else (sections.at(-1)?.lines ?? loose).push(source);
  }
  return { loose, sections };
}
