/** Union-find: which of `count` things hang together. The root of a set is its smallest member, whatever the order of the unions. */
export interface DisjointSets {
  readonly parents: Int32Array;
}

export function disjointSets(count: number): DisjointSets {
  return { parents: Int32Array.from({ length: count }, (_, index) => index) };
}

export function rootOf({ parents }: DisjointSets, member: number): number {
  let at = member;
  for (let parent = parents[at] ?? at; parent !== at; parent = parents[at] ?? at) {
    const above = parents[parent] ?? parent;
    parents[at] = above;
    at = above;
  }
  return at;
}

export function unite(sets: DisjointSets, a: number, b: number): void {
  const [rootA, rootB] = [rootOf(sets, a), rootOf(sets, b)];
  if (rootA < rootB) sets.parents[rootB] = rootA;
  else sets.parents[rootA] = rootB;
}

/** The members of each set in ascending order; the sets in the order of their first members. */
export function membersBySet(sets: DisjointSets): number[][] {
  const found = new Map<number, number[]>();
  for (let member = 0; member < sets.parents.length; member += 1) {
    const root = rootOf(sets, member);
    const members = found.get(root);
    if (members === undefined) found.set(root, [member]);
    else members.push(member);
  }
  return [...found.values()];
}
