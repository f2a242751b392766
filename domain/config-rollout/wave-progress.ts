import type { ConfigPlan } from '../../contracts/config-plan.ts';
import type { WaveCounts } from '../../contracts/config-rollout.ts';

export type WaveVerdict =
  | { readonly kind: 'wait'; readonly why: string }
  | { readonly kind: 'proven'; readonly summary: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** How far a wave is that was ordered so long ago. One proxy that refuses fails it; silence is the business of the partition policy. */
export function waveVerdict(plan: ConfigPlan, counts: WaveCounts, elapsedMs: number): WaveVerdict {
  const { proxies, proven, pending, failed, silent } = counts;
  if (failed > 0) return { kind: 'failed', reason: `${failed} of ${proxies} proxies did not take it` };
  if (pending > 0 && elapsedMs >= plan.applyMs)
    return { kind: 'failed', reason: `${pending} of ${proxies} proxies were not proven in time` };
  if (pending > 0) return { kind: 'wait', why: `${proven} of ${proxies} proxies are proven` };
  if (silent === 0) return { kind: 'proven', summary: `${proven} of ${proxies} proxies are proven` };
  return ofSilence(plan, counts);
}

/** Of a wave in which all that speak are proven. */
function ofSilence({ partition }: ConfigPlan, { proxies, proven, silent }: WaveCounts): WaveVerdict {
  const said = `${silent} of ${proxies} proxies are silent`;
  switch (partition.policy) {
    case 'wait':
      return { kind: 'wait', why: `${said}; it waits for them` };
    case 'abort':
      return { kind: 'failed', reason: `${said}, and the plan does not go on without them` };
    case 'proceed':
      return isWithinBudget(partition.budgetPercent, { proxies, silent })
        ? { kind: 'proven', summary: `${proven} proxies are proven, ${said}: within the budget` }
        : { kind: 'failed', reason: `${said}: more than the ${partition.budgetPercent} % of the budget` };
  }
}

/** A wave never goes on without a single proxy that is proven. */
export function isWithinBudget(
  budgetPercent: number,
  { proxies, silent }: Pick<WaveCounts, 'proxies' | 'silent'>,
): boolean {
  return silent === 0 || (silent < proxies && silent <= (proxies * budgetPercent) / 100);
}

/** On the way back nobody is waited for who does not speak: what they are to run stands in the database. */
export function wayBackVerdict(counts: WaveCounts, elapsedMs: number, applyMs: number): WaveVerdict {
  const { proxies, proven, pending, failed, silent } = counts;
  const later = silent === 0 ? '' : `; ${silent} silent ones take it when they are back`;
  const isUnsettled = pending > 0 || failed > 0;
  if (!isUnsettled)
    return { kind: 'proven', summary: `${proven} of ${proxies} proxies are proven to be back${later}` };
  if (elapsedMs < applyMs)
    return { kind: 'wait', why: `${proven} of ${proxies} proxies are proven to be back` };
  return {
    kind: 'failed',
    reason: `${pending + failed} of ${proxies} proxies are not proven to be back${later}`,
  };
}
