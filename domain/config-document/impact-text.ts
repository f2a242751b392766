import type { Impact, ImpactChange } from './impact.ts';

const mostKinds = 3;
const mostChanges = 4;

/** What changes, in words, the most frequent first: `8 × backend a -> b`. Values of headers and bodies are left out. */
export function impactText(impacts: readonly Impact[]): string {
  const kinds = Map.groupBy(impacts, ({ changes }) => changesText(changes));
  const sorted = [...kinds].sort(([, one], [, other]) => other.length - one.length);
  const told = sorted.slice(0, mostKinds).map(([kind, { length }]) => `${length} × ${kind}`);
  const more = sorted.length - told.length;
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

function changesText(changes: readonly ImpactChange[]): string {
  const told = changes.slice(0, mostChanges).map(changeText);
  return [...told, ...(changes.length > mostChanges ? ['and more'] : [])].join(', ');
}

function changeText({ what, name, before, after }: ImpactChange): string {
  if (what === 'body') return 'another body';
  if (what === 'header') return `another header ${name ?? ''}`;
  return `${what} ${before ?? 'none'} -> ${after ?? 'none'}`;
}
