/**
 * What changes from one occurrence of an error to the next, in the order in which it is looked for: the longer form before its parts.
 * A changed list makes other templates, so it comes with a new version of the fingerprints.
 * Not the mask of log templates (domain/log-template/mask.ts): a fingerprint is decided on one message, so what is kept names its kind
 * and words such as utf8 and sha256 stay, while a miner sees many lines and can afford to hide every word with a digit. With this one
 * in its place the labelled log systems fall from a mean GA of 0.996 to 0.764, and FGA from 0.964 to 0.744.
 */
const masks: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['url', /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>)\]]+/],
  ['email', /\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b/],
  ['uuid', /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/],
  ['time', /\b\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:z|[+-]\d\d:?\d\d)?)?\b/],
  ['time', /\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b/],
  ['ip', /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/],
  ['ip', /(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}(?::?[0-9a-f]{1,4})(?![\w:])/],
  ['hex', /\b0x[0-9a-f]+\b/],
  ['hex', /\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b/],
  ['path', /(?<![\w<])(?:~|\.{1,2})?(?:\/[\w.@%+-]+){2,}\/?/],
  ['path', /\b[a-z]:(?:\\[\w.@%+ -]+)+/],
  ['text', /"(?:[^"\\]|\\.){0,200}"|(?<!\w)'(?:[^'\\]|\\.){0,200}'(?!\w)/],
  [
    'number',
    /(?<![\w.])[+-]?\d+(?:[.,]\d+)*(?:e[+-]?\d+)?(?:\s?(?:ns|us|ms|s|min|h|b|kb|mb|gb|kib|mib|gib|%))?(?![\w.])/,
  ],
  ['number', /(?<=[_-])\d+(?=\b|_)/],
];

const longest = 2000;
const any = new RegExp(masks.map(([, pattern]) => `(${pattern.source})`).join('|'), 'gi');

/** The template of a message: `<kind>` for what changes, single spaces, cut at 2,000 characters. */
export function maskMessage(message: string): string {
  const masked = message.slice(0, longest).replaceAll(any, (...found: unknown[]) => {
    const kind = found.slice(1, masks.length + 1).findIndex((group) => group !== undefined);
    return `<${masks[kind]?.[0] ?? 'value'}>`;
  });
  return masked.replaceAll(/\s+/g, ' ').trim().slice(0, longest);
}
