/** Stands for whatever varies. */
export const anything = '<*>';

/**
 * Masks what varies in one word of a log line: numbers, hexadecimal, addresses, paths, URLs, values of `key=value`, words with digits in
 * them. What is left names the event. The classes are told apart by form alone and not by the system that wrote the line.
 */
export function maskToken(token: string): string {
  // Nobody names an event like this, and some classes look at a word more than once.
  if (token.length > longest) return anything;
  let rest = token;
  for (const [shape, instead] of classes) rest = rest.replace(shape, instead);
  return rest.replace(runOfMasks, anything);
}

const longest = 512;

/** Top-level domains that hosts in logs end with; without one, a dotted name is a class or a setting and names the event. */
const topLevel =
  'com|net|org|edu|gov|info|biz|io|dev|app|local|localdomain|internal|cn|hk|tw|jp|kr|in|uk|de|fr|nl|it|es|pl|ru|ch|se|br|mx|ca|au|us|eu';

/** The more specific before the more general: each sees what those before it have left. */
const classes: readonly (readonly [RegExp, string])[] = [
  // URL
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s,;)\]}"']+/gi, anything],
  // key=value, the value up to what ends it; nested values are gone before (mask.ts)
  [/([\w.-]+)=[^\s,;()\]}]*/g, `$1=${anything}`],
  // path of Unix or Windows
  [/(?<![\w.])(?:[A-Za-z]:|\.{1,2}|~)?(?:[\\/][\w.$@~+%#=:-]+)+[\\/]?/g, anything],
  // UUID, MAC and other groups of hexadecimal digits
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, anything],
  [/\b(?:[0-9a-f]{2}[:-]){3,}[0-9a-f]{2}\b/gi, anything],
  [/\b0x[0-9a-f]+\b/gi, anything],
  // host with a top-level domain, and its port
  [new RegExp(String.raw`\b(?:[\w-]+\.)+(?:${topLevel})\b(?::\d+)?`, 'gi'), anything],
  // hexadecimal digits among which is a letter
  [/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{6,}\b/gi, anything],
  // a word or a dotted name with a digit in it; a row of dots is a leader and no name
  [/(?<![A-Za-z_$.-])[+-]?[A-Za-z_$-]*(?:\.[A-Za-z_$-]+)*\.?\d[\w.$:@%+-]*|\d[\w.$:@%+-]*/g, anything],
];

/** Masks that only punctuation keeps apart are one. */
const runOfMasks = /(?:<\*>[,:;.\/\\@#|+-]?)+<\*>/g;
