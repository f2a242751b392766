/**
 * What people decided, in items: no strategy and no re-run goes against it. Consistent by construction: no two items of one group of
 * `together` are on the two sides of one `apart`, no item is in two groups, and a locked set lies within one group.
 */
export interface Constraints {
  /** Items that stay in one cluster. */
  readonly together: readonly (readonly string[])[];
  /** No item of the one side is ever in a cluster with an item of the other. */
  readonly apart: readonly Apart[];
  readonly locks: readonly Lock[];
}

export interface Apart {
  readonly left: readonly string[];
  readonly right: readonly string[];
}

export interface Lock {
  readonly items: readonly string[];
  /** `open` takes new items in and merges with no other locked cluster; `closed` stays exactly as it is. */
  readonly mode: LockMode;
}

export type LockMode = 'open' | 'closed';

export const noConstraints: Constraints = { together: [], apart: [], locks: [] };
