import { OpsError } from '../../errors.ts';

/** Characters that mean nothing to HAProxy's reader of lines. */
const plain = /^[A-Za-z0-9_.:,/@*=+()[\]<>!{}%|~^&?;-]+$/;
/** Within single quotes HAProxy takes everything as it is, but for the quote itself. */
const quotable = /[ -&(-~]+|[^]/gu;

/**
 * A word as HAProxy reads it back, whatever it holds: blanks, quotes, `#`, `\`, `$`, line ends, UTF-8. Throws `invalid-input` for U+0000,
 * which ends a text of HAProxy. (Configuration manual 2.6, section 2.2, "Quoting and escaping".)
 */
export function quoteWord(word: string): string {
  if (plain.test(word)) return word;
  if (word.includes('\0')) throw new OpsError('invalid-input', 'a text holds the character U+0000');
  if (word === '') return "''";
  return (word.match(quotable) ?? []).map(quotePart).join('');
}

/** The node's own address and a port: the only thing that HAProxy is let read from its environment. */
export interface NodeAddress {
  readonly port: number;
}

export const nodeAddressVariable = 'HOLDFAST_NODE_ADDRESS';

export function writeWord(word: string | NodeAddress): string {
  return typeof word === 'string' ? quoteWord(word) : `"\${${nodeAddressVariable}}:${word.port}"`;
}

/** Text for a place that HAProxy reads as a log format: no `%` of it is an expression. */
export function literalFormat(text: string): string {
  return text.replaceAll('%', '%%');
}

const encoder = new TextEncoder();

function quotePart(part: string): string {
  if (/^[ -&(-~]/.test(part)) return `'${part}'`;
  return Array.from(encoder.encode(part), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
