import type { DesiredServer } from '../../contracts/proxy.ts';
import type { Release, RolloutFacts } from '../../db/canary-rollout/facts.ts';
import type { Split } from '../../providers/traffic/traffic.ts';

type SplitFacts = Pick<RolloutFacts, 'spec' | 'stable'> & { readonly canary: Release | null };

/** The split that gives `weight` percent of requests to the canary and the rest to the stable version. */
export function splitOf(facts: SplitFacts, weight: number, leaseMs: number | null = null): Split {
  const { stable, canary, spec } = facts;
  const servers = [
    ...(stable === null ? [] : serversOf(stable, 100 - weight, spec.health.path)),
    ...(canary === null ? [] : serversOf(canary, weight, spec.health.path)),
  ];
  return {
    servers,
    stable: stable?.version ?? null,
    canary: leaseMs === null ? null : (canary?.version ?? null),
    leaseMs,
  };
}

/** The split after a promotion: everything to `release`; `warm` stays known at weight 0, so that going back is one weight away. */
export function settledSplit(release: Release, warm: Release | null, healthPath: string): Split {
  return {
    servers: [
      ...serversOf(release, 100, healthPath),
      ...(warm === null ? [] : serversOf(warm, 0, healthPath)),
    ],
    stable: release.version,
    canary: null,
    leaseMs: null,
  };
}

/** Both arms run the same number of instances, so the weight of each server is the percentage of its version. */
function serversOf(release: Release, weight: number, healthPath: string): DesiredServer[] {
  return release.instances.map(({ address }, index) => ({
    name: `${release.version}-${index}`,
    version: release.version,
    address,
    weight,
    healthPath,
  }));
}
