import { type NodeAddress, writeWord } from './word.ts';

/** One line of a configuration and the JSON pointer of what it was made from. Its words are raw: only `writeLines` quotes. */
export interface Line {
  readonly pointer: string;
  readonly words: readonly (string | NodeAddress)[];
  readonly isHeading: boolean;
}

export interface Rendered {
  readonly text: string;
  /** For each line of the text, from the first, the JSON pointer of the part of the document that it renders. */
  readonly pointers: readonly string[];
}

export function heading(pointer: string, ...words: readonly string[]): Line {
  return { pointer, words, isHeading: true };
}

export function line(pointer: string, ...words: readonly (string | number | NodeAddress)[]): Line {
  const raw = words.map((word) => (typeof word === 'number' ? String(word) : word));
  return { pointer, words: raw, isHeading: false };
}

/** The one place where words become text, so that no value can end its word or its line. */
export function writeLines(lines: readonly Line[]): Rendered {
  const written = lines.flatMap((each) => {
    const text = each.words.map(writeWord).join(' ');
    if (!each.isHeading) return [{ text: `    ${text}`, pointer: each.pointer }];
    return [
      { text: '', pointer: each.pointer },
      { text, pointer: each.pointer },
    ];
  });
  const whole = [{ text: '# Written by Holdfast from a configuration document.', pointer: '' }, ...written];
  return {
    text: `${whole.map(({ text }) => text).join('\n')}\n`,
    pointers: whole.map(({ pointer }) => pointer),
  };
}
