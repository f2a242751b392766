import { isReference, resolveReference, type OwnEnvironment } from './references.ts';

const shortest = 4;

/**
 * What an instance wrote, without the values of the references it was started with: it ends up in error texts, which many read.
 */
export function redact(text: string, references: readonly string[], own: OwnEnvironment): string {
  let shown = text;
  for (const value of valuesOf(references, own)) {
    shown = shown.replaceAll(value, '***');
    const rest = lengthOfTail(shown, value);
    if (rest > 0) shown = `***${shown.slice(rest)}`;
  }
  return shown;
}

/** The longest first, so that a value that holds another one leaves nothing behind. Lines count as well: a key is often printed so. */
function valuesOf(references: readonly string[], own: OwnEnvironment): string[] {
  const whole = references.filter(isReference).map((reference) => resolveReference(reference, own) ?? '');
  const lines = whole.flatMap((value) => value.split('\n').map((line) => line.trim()));
  return [...new Set([...whole, ...lines])]
    .filter((value) => value.length >= shortest)
    .sort((a, b) => b.length - a.length);
}

/** How much of the end of a value the text begins with: an output is cut somewhere. */
function lengthOfTail(text: string, value: string): number {
  for (let length = value.length - 1; length >= shortest; length -= 1) {
    if (text.startsWith(value.slice(-length))) return length;
  }
  return 0;
}
