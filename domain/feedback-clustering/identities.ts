/** A cluster as it is known: its id, which people and other records refer to, and its members. */
export interface KnownCluster {
  readonly id: string;
  readonly members: readonly string[];
}

export interface CarriedIds {
  readonly clusters: readonly KnownCluster[];
  /** Where to look for a cluster that is no more: the one that has most of its members, or null when none of them is left. */
  readonly redirects: ReadonlyMap<string, string | null>;
}

export interface CarryOptions {
  /** Clusters whose ids go before all others: those that people locked. */
  readonly pinned: ReadonlySet<string>;
  /** An id for a cluster that continues none, from its first member; `taken` tells whether it is in use or was once. */
  readonly mint: (firstMember: string) => string;
}

/**
 * Gives the clusters of a new run the ids of those they continue. Pairs of an old and a new cluster are matched by the members that they
 * share, most first, each old id once. So an id stays with the larger part of a cluster that was split, and the largest one of clusters
 * that were merged gives its id to all; the others redirect to it. The old order decides ties: the earlier cluster is the older one.
 */
export function carryIds(
  known: readonly KnownCluster[],
  members: readonly (readonly string[])[],
  { pinned, mint }: CarryOptions,
): CarriedIds {
  const shares = sharesOf(known, members);
  const order = (share: Share) => (pinned.has(known[share.from]?.id ?? '') ? 0 : 1);
  shares.sort((a, b) => order(a) - order(b) || b.count - a.count || a.from - b.from || a.to - b.to);
  const idOf = matched(known, shares);
  const clusters = members.map((own, index) => ({ id: idOf.get(index) ?? mint(own[0] ?? ''), members: own }));
  return { clusters, redirects: redirectsOf(known, clusters, shares, new Set(idOf.values())) };
}

/** The cluster that an id of any age leads to, or null when its members are all gone. */
export function followRedirects(redirects: ReadonlyMap<string, string | null>, id: string): string | null {
  const seen = new Set<string>();
  let at: string | null = id;
  for (
    let next = redirects.get(id);
    next !== undefined && at !== null && !seen.has(at);
    next = redirects.get(at ?? '')
  ) {
    seen.add(at);
    at = next;
  }
  return at;
}

interface Share {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

function sharesOf(known: readonly KnownCluster[], members: readonly (readonly string[])[]): Share[] {
  const clusterOf = new Map(members.flatMap((own, to) => own.map((id) => [id, to] as const)));
  return known.flatMap(({ members: old }, from) => {
    const counts = new Map<number, number>();
    for (const id of old) {
      const to = clusterOf.get(id);
      if (to !== undefined) counts.set(to, (counts.get(to) ?? 0) + 1);
    }
    return [...counts].map(([to, count]) => ({ from, to, count }));
  });
}

function matched(known: readonly KnownCluster[], shares: readonly Share[]): Map<number, string> {
  const idOf = new Map<number, string>();
  const used = new Set<number>();
  for (const { from, to } of shares) {
    if (used.has(from) || idOf.has(to)) continue;
    used.add(from);
    idOf.set(to, known[from]?.id ?? '');
  }
  return idOf;
}

function redirectsOf(
  known: readonly KnownCluster[],
  clusters: readonly KnownCluster[],
  shares: readonly Share[],
  kept: ReadonlySet<string>,
): Map<string, string | null> {
  const best = new Map<number, Share>();
  for (const share of shares)
    if ((best.get(share.from)?.count ?? 0) < share.count) best.set(share.from, share);
  const gone = known.flatMap(({ id }, from) => (kept.has(id) ? [] : [{ id, to: best.get(from)?.to }]));
  return new Map(gone.map(({ id, to }) => [id, to === undefined ? null : (clusters[to]?.id ?? null)]));
}
