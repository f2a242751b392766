import { OpsError } from '../errors.ts';
import { type Apart, type Constraints, type LockMode, noConstraints } from './constraints.ts';

/**
 * What a person did to clusters, told in items, because items outlive clusters. Merging clusters is `together` with all their members;
 * splitting one is `apart`, the members that leave against those that stay; to `move` is to leave the one and to join the other.
 */
export type Edit =
  | { readonly kind: 'together'; readonly items: readonly string[] }
  | { readonly kind: 'apart'; readonly items: readonly string[]; readonly from: readonly string[] }
  | {
      readonly kind: 'move';
      readonly items: readonly string[];
      readonly from: readonly string[];
      readonly to: readonly string[];
    }
  | { readonly kind: 'lock'; readonly items: readonly string[]; readonly mode: LockMode }
  | { readonly kind: 'unlock'; readonly items: readonly string[] };

/**
 * What holds after all of them, the oldest first: where two contradict, the later one wins, and the rest of the earlier one stays. To undo
 * an edit is to leave it out. Throws `invalid-input` for an edit that makes no sense.
 */
export function constraintsOf(edits: readonly Edit[]): Constraints {
  return edits.reduce(applied, noConstraints);
}

function applied(constraints: Constraints, edit: Edit): Constraints {
  if (edit.items.length === 0)
    throw new OpsError('invalid-input', `items is empty: name the items to ${edit.kind}`);
  switch (edit.kind) {
    case 'together':
      return withTogether(constraints, edit.items);
    case 'apart':
      return withApart(constraints, edit.items, edit.from);
    case 'move':
      return withMove(constraints, edit);
    case 'lock':
      return withLock(withTogether(constraints, edit.items), edit.items, edit.mode);
    case 'unlock':
      return { ...constraints, locks: constraints.locks.filter(({ items }) => !overlap(items, edit.items)) };
  }
}

/** The whole groups of the items become one; whatever kept any of it apart, or locked apart, is over. */
function withTogether({ together, apart, locks }: Constraints, items: readonly string[]): Constraints {
  const touched = together.filter((group) => overlap(group, items));
  const group = sorted([...items, ...touched.flat()]);
  return {
    together: byFirst([...together.filter((other) => !touched.includes(other)), group]),
    apart: apart.flatMap((pair) => without(pair, group)),
    locks: mergedLocks(locks, group),
  };
}

/** What is left of a pair of sides when no item of the group is kept from another one of it. */
function without({ left, right }: Apart, group: readonly string[]): Apart[] {
  const own = new Set(group);
  const isIn = (id: string) => own.has(id);
  const isOut = (id: string) => !own.has(id);
  if (!left.some(isIn) || !right.some(isIn)) return [{ left, right }];
  return [
    { left: left.filter(isOut), right },
    { left: left.filter(isIn), right: right.filter(isOut) },
  ].filter((pair) => pair.left.length > 0 && pair.right.length > 0);
}

/** Locks that meet in one group become one, with the mode of the strictest. */
function mergedLocks(locks: Constraints['locks'], group: readonly string[]): Constraints['locks'] {
  const met = locks.filter(({ items }) => overlap(items, group));
  if (met.length < 2) return locks;
  const mode = met.some((lock) => lock.mode === 'closed') ? 'closed' : 'open';
  return [
    ...locks.filter((lock) => !met.includes(lock)),
    { items: sorted(met.flatMap(({ items }) => items)), mode },
  ];
}

/** Groups and locks that hold both sides let go of the leaving one. */
function withApart(constraints: Constraints, left: readonly string[], right: readonly string[]): Constraints {
  if (right.length === 0)
    throw new OpsError('invalid-input', 'from is empty: name the items to keep them apart from');
  const others = new Set(right);
  const both = left.find((id) => others.has(id));
  if (both !== undefined)
    throw new OpsError(
      'invalid-input',
      `item ${both} is on both sides: an item cannot be kept apart from itself`,
    );
  const parted = constraints.together.flatMap((group) => parts(group, left, right));
  return {
    together: byFirst(parted.filter((group) => group.length > 1)),
    apart: [...constraints.apart, { left: sorted(left), right: sorted(right) }],
    locks: constraints.locks.map((lock) => ({
      ...lock,
      items: lockedAfter(lock.items, constraints, left, right),
    })),
  };
}

/** The lock of a group that parts stays with those that stay, unless all that was locked leaves. */
function lockedAfter(
  items: readonly string[],
  { together }: Constraints,
  left: readonly string[],
  right: readonly string[],
): readonly string[] {
  const group = together.find((own) => overlap(own, items));
  if (group === undefined || !overlap(group, left) || !overlap(group, right)) return items;
  const leaving = new Set(left);
  const staying = items.filter((id) => !leaving.has(id));
  return staying.length > 0 ? staying : items;
}

/** What leaves, then what stays; the whole where not both sides are in it. */
function parts(
  group: readonly string[],
  left: readonly string[],
  right: readonly string[],
): (readonly string[])[] {
  if (!overlap(group, left) || !overlap(group, right)) return [group];
  const leaving = new Set(left);
  const leaves = (id: string) => leaving.has(id);
  return [group.filter(leaves), group.filter((id) => !leaves(id))];
}

function withMove(
  constraints: Constraints,
  { items, from, to }: Extract<Edit, { kind: 'move' }>,
): Constraints {
  if (to.length === 0)
    throw new OpsError('invalid-input', 'to is empty: name the items of the cluster to move to');
  const parted = from.length === 0 ? constraints : withApart(constraints, items, from);
  return withTogether(parted, [...items, ...to]);
}

function withLock(constraints: Constraints, items: readonly string[], mode: LockMode): Constraints {
  const others = constraints.locks.filter((lock) => !overlap(lock.items, items));
  return { ...constraints, locks: [...others, { items: sorted(items), mode }] };
}

function overlap(one: readonly string[], other: readonly string[]): boolean {
  const known = new Set(other);
  return one.some((id) => known.has(id));
}

function sorted(ids: readonly string[]): string[] {
  return [...new Set(ids)].sort();
}

function byFirst(groups: readonly (readonly string[])[]): (readonly string[])[] {
  return [...groups].sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
}
