import { stickyFraction } from '../sticky-hash.ts';

export interface Agent {
  readonly name: string;
  readonly region: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Whom a wave takes, of those that no earlier wave has taken. */
export type WaveRule =
  /** So many percent of the whole fleet, counted with the percent waves before it: 5, 25 means 5 and then 20 more. */
  | { readonly by: 'percent'; readonly percent: number }
  | { readonly by: 'region'; readonly regions: readonly string[] }
  /** Every one of the labels has the value. */
  | { readonly by: 'labels'; readonly labels: Readonly<Record<string, string>> };

export interface Wave {
  readonly rule: WaveRule | { readonly by: 'rest' };
  /** Names, sorted. */
  readonly agents: readonly string[];
}

/**
 * Every agent in exactly one wave, in the order of the rules; the last wave is the rest. Who belongs to a percent wave depends on the
 * agent's name and the seed alone, so it stays when others come and go. One exception: a percent wave that would take nobody takes the
 * agent next in line, since an empty first wave would prove nothing and let the second reach everybody.
 */
export function planWaves(agents: readonly Agent[], rules: readonly WaveRule[], seed: string): Wave[] {
  let left = [...agents].sort((a, b) => (a.name < b.name ? -1 : 1));
  const waves: Wave[] = [];
  for (const rule of rules) {
    const taken = new Set(takenBy(rule, left, seed));
    waves.push({ rule, agents: left.filter((agent) => taken.has(agent)).map(({ name }) => name) });
    left = left.filter((agent) => !taken.has(agent));
  }
  return [...waves, { rule: { by: 'rest' }, agents: left.map(({ name }) => name) }];
}

function takenBy(rule: WaveRule, left: readonly Agent[], seed: string): Agent[] {
  switch (rule.by) {
    case 'percent':
      return takenByPercent(rule.percent, left, seed);
    case 'region':
      return left.filter(({ region }) => rule.regions.includes(region));
    case 'labels':
      return left.filter(({ labels }) =>
        Object.entries(rule.labels).every(
          ([key, value]) => Object.hasOwn(labels, key) && labels[key] === value,
        ),
      );
  }
}

function takenByPercent(percent: number, left: readonly Agent[], seed: string): Agent[] {
  const fraction = (agent: Agent): number => stickyFraction(seed, agent.name);
  const taken = left.filter((agent) => fraction(agent) < percent / 100);
  if (taken.length > 0 || percent <= 0) return taken;
  return left.toSorted((a, b) => fraction(a) - fraction(b)).slice(0, 1);
}
