/** An item and where it stands. */
export interface Placed<T> {
  readonly item: T;
  readonly index: number;
}

export interface Pairs<T> {
  readonly added: readonly Placed<T>[];
  readonly removed: readonly Placed<T>[];
  readonly kept: readonly { readonly before: Placed<T>; readonly after: Placed<T> }[];
}

/** Two lists by key, wherever an item stands in them. Of several items with one key the last counts. */
export function pairUp<T>(before: readonly T[], after: readonly T[], keyOf: (item: T) => string): Pairs<T> {
  const old = placedByKey(before, keyOf);
  const young = placedByKey(after, keyOf);
  return {
    added: [...young].flatMap(([key, placed]) => (old.has(key) ? [] : [placed])),
    removed: [...old].flatMap(([key, placed]) => (young.has(key) ? [] : [placed])),
    kept: [...young].flatMap(([key, placed]) => {
      const earlier = old.get(key);
      return earlier === undefined ? [] : [{ before: earlier, after: placed }];
    }),
  };
}

function placedByKey<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, Placed<T>> {
  return new Map(items.map((item, index) => [keyOf(item), { item, index }]));
}

/** The fewest of the numbers that must move so that the rest rises: all but a longest rising subsequence. */
export function outOfOrder(numbers: readonly number[]): number[] {
  const best: { length: number; before: number }[] = [];
  for (const [at, number] of numbers.entries()) {
    let found = { length: 1, before: -1 };
    for (let earlier = 0; earlier < at; earlier += 1) {
      const length = (best[earlier]?.length ?? 0) + 1;
      if ((numbers[earlier] ?? 0) < number && length > found.length) found = { length, before: earlier };
    }
    best.push(found);
  }
  let at = best.reduce((top, { length }, index) => (length > (best[top]?.length ?? 0) ? index : top), 0);
  const stays = new Set<number>();
  for (; at >= 0 && best[at] !== undefined; at = best[at]?.before ?? -1) stays.add(at);
  return numbers.filter((_, index) => !stays.has(index));
}
