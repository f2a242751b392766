import type { Kind, StringField } from './string-fields.ts';
import type { ConfigDocument } from '../../../contracts/config-document.ts';

/** What ends a word, a line, a text or a patience somewhere, or means something to HAProxy. */
const hostile = {
  nul: '\0',
  'far too long': 'y'.repeat(5000),
  'line end': '\n    http-request deny',
  'carriage return': '\r    http-request deny',
  'not ASCII': 'ä\u2028\u202e',
  blank: ' if TRUE',
  quote: "'",
  'double quote': '"',
  comment: '#',
  variable: '${HOME}',
  'variable in quotes': '"${HOME}"',
  expression: '%[env(HOME)]',
  'log format': '%ci%%',
  backslash: '\\n\\',
  condition: '}{',
} as const;
type Name = keyof typeof hostile;

const names = Object.keys(hostile) as readonly Name[];
const refusedByText: readonly Name[] = ['nul', 'far too long'];
const refusedByLine: readonly Name[] = [...refusedByText, 'line end', 'carriage return', 'not ASCII'];

/** Everything that a field of a kind has to refuse. */
const refusedBy: Readonly<Record<Kind, readonly Name[]>> = {
  name: names,
  time: names,
  host: names,
  path: [...refusedByLine, 'blank'],
  line: refusedByLine,
  text: refusedByText,
};

const beginnings: Readonly<Record<Kind, string>> = {
  ...{ name: 'x', time: '1s', host: 'shop.example', path: '/x', line: 'x', text: 'x' },
};

/** A document for each text that the field must refuse, with the name of what is wrong with it. */
export function refusedTexts(
  { kind, write }: StringField,
  document: ConfigDocument,
): { readonly text: Name; readonly document: ConfigDocument }[] {
  return refusedBy[kind].map((text) => ({
    text,
    document: write(document, `${beginnings[kind]}${hostile[text]}`),
  }));
}

/** All that a text of one line takes, in one. */
export const hostileLine = `x${names
  .filter((name) => !refusedByLine.includes(name))
  .map((name) => hostile[name])
  .join('')}x`;

/** The same without blanks, as a path takes it. */
export const hostilePath = `/${hostileLine.replaceAll(' ', '')}`;

/** All that any text takes. */
export const hostileText = names
  .filter((name) => !refusedByText.includes(name))
  .map((name) => hostile[name])
  .join('');
