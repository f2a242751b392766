import { maskMessage } from './mask-message.ts';

/**
 * The title of what was told many times with other numbers, names or times in it: those are left out. `TypeError … for order 7` and
 * `… for order 9` are `TypeError … for order …`. Of titles that differ in more than that, the first.
 */
export function commonTitle(titles: readonly string[]): string {
  const [first = '', ...others] = titles;
  const mask = maskMessage(first);
  const same = others.filter((title) => maskMessage(title) === mask).map(wordsOf);
  const words = wordsOf(first);
  if (same.some((other) => other.length !== words.length)) return first;
  const common = words.map((word, at) => (same.every((other) => other[at] === word) ? word : '…'));
  // Nothing but what changes: then the first says more.
  return common.every((word) => word === '…') ? first : common.join(' ').replaceAll(/…(?: …)+/g, '…');
}

function wordsOf(title: string): string[] {
  return title.trim().split(/\s+/);
}
