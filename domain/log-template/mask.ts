import { anything, maskToken } from './mask-token.ts';

/** Changes with the classes: templates of two versions are not compared. */
export const maskVersion = 1;

const remembered = 20_000;
/** What a line says after so many characters is no part of its kind; some classes look at a character more than once. */
const longest = 4096;

/**
 * Turns lines into what they have in common with others of their kind: `Accepted password for <*> from <*> port <*>`. Answers words
 * parted by single blanks. Words are remembered, because logs repeat them; the memory is bounded and changes no answer.
 */
export function createMask(): (line: string) => string {
  let known = new Map<string, string>();

  function masked(token: string): string {
    if (!variable.test(token)) return token;
    const before = known.get(token);
    if (before !== undefined) return before;
    if (known.size >= remembered) known = new Map();
    const now = maskToken(token);
    known.set(token, now);
    return now;
  }

  return (line) => {
    const words: string[] = [];
    const whole = withoutSpans(line);
    for (const token of otherBlank.test(whole) ? whole.split(blanks) : whole.split(' ')) {
      if (token !== '') push(words, masked(token));
    }
    return words.join(' ');
  };
}

const blanks = /[ \t\r\n]+/;
const otherBlank = /[\t\r\n]/;
/** Only such words can vary by form. */
const variable = /[\d/\\=.]/;

/** Values that hold blanks are masked before the line is taken apart. */
function withoutSpans(line: string): string {
  let rest = line.length > longest ? line.slice(0, longest) : line;
  if (rest.includes('"')) rest = rest.replace(/"[^"]*"/g, `"${anything}"`);
  if (rest.includes("'")) rest = rest.replace(/(?<!\w)'[^']*'(?!\w)/g, `'${anything}'`);
  if (rest.includes('=')) rest = rest.replace(/=\w*(?:\[[^\]]*\]|\{[^}]*\}|\([^)]*\))/g, `=${anything}`);
  if (rest.includes(', ')) rest = rest.replace(/\[[^[\]]*, [^[\]]*\]/g, `[${anything}]`);
  // The same size twice: `1500 bytes (1.46 KB)`.
  if (rest.includes(' bytes (')) rest = rest.replace(/( bytes) \([\d.]+ ?[KMGT]i?B\)/g, '$1');
  if (measure.test(rest)) rest = rest.replace(measures, anything);
  return rest.includes(' from ') ? rest.replace(someone, `$1 ${anything} from`) : rest;
}

/** Durations and sizes with their unit: the next line may have it in another one. */
const measure = /<?\b\d+(?:\.\d+)? (?:secs?|seconds?|mins?|minutes?|hours?|[KMGT]?i?B)\b/;
const measures = new RegExp(measure, 'g');
/** People are named in the same words everywhere. */
const someone = /\b(for(?: invalid user| user)?) [\w.$-]+ from(?= )/g;

const partsOfDates = new Set([
  ...['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
  ...['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'],
  ...['UTC', 'GMT', 'EST', 'EDT', 'CST', 'CDT', 'PST', 'PDT', 'CET', 'CEST', 'AM', 'PM'],
]);

/** Several masks in a row are one: how many values there were is no part of the event. The day before a date is a part of the date. */
function push(words: string[], word: string): void {
  if (word === anything) {
    while (partsOfDates.has(words.at(-1) ?? '')) words.pop();
  }
  const last = words.at(-1);
  const isMore = word === anything || partsOfDates.has(word);
  if (isMore && (last === anything || last === `${anything},`)) words[words.length - 1] = anything;
  else words.push(word === '()' ? `(${anything})` : word);
}
