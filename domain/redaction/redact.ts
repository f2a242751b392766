import { kinds, type RedactedKind } from './kinds.ts';

export interface Redacted {
  readonly text: string;
  /** How many of each kind were removed. */
  readonly found: Readonly<Record<string, number>>;
}

/**
 * Removes secrets and personal data from a text before it is stored or sent anywhere: each becomes `[KIND]`. It goes by form, so a name or
 * a street stays, and a secret without a known form is found only where its name stands beside it. Doing it twice changes nothing.
 */
export function redact(text: string): Redacted {
  const found: Record<string, number> = {};
  const lower = text.toLowerCase();
  let rest = text;
  for (const kind of kinds) {
    if (kind.hint !== undefined && !lower.includes(kind.hint)) continue;
    rest = removed(rest, kind, () => (found[kind.kind] = (found[kind.kind] ?? 0) + 1));
  }
  return { text: rest, found };
}

function removed(
  text: string,
  { kind, shape, isReal = () => true, spans }: RedactedKind,
  count: () => void,
): string {
  return text.replace(shape, (match: string, ...rest: unknown[]) => {
    const groups = rest.at(-1) as { keep?: string } | string;
    const keep = typeof groups === 'object' ? (groups.keep ?? '') : '';
    const secret = match.slice(keep.length);
    if (spans !== undefined) return without(match, spans(match), () => (count(), `[${kind}]`));
    if (isRemoved.test(secret) || !isReal(secret)) return match;
    count();
    return `${keep}[${kind}]`;
  });
}

/** The text with something else in place of each span. */
function without(text: string, spans: readonly (readonly [number, number])[], instead: () => string): string {
  let [rest, at] = ['', 0];
  for (const [from, to] of spans) {
    rest += text.slice(at, from) + instead();
    at = to;
  }
  return rest + text.slice(at);
}

/** A value that is the mark of something removed already. */
const isRemoved = /^["']?\[[a-z-]+\]?["']?$/;
