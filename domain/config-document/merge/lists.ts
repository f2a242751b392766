import type { MergeConflict, Versions } from '../merge.ts';

type Item = Readonly<Record<string, unknown>>;
type Items = readonly Item[];
type MergeItem = (versions: Versions, pointer: string, conflicts: MergeConflict[]) => unknown;

/** Lists whose items can be told apart by what they are called, each once. */
export function isKeyed(value: unknown): value is Items {
  if (!Array.isArray(value)) return false;
  const keys = value.map(keyOf);
  return !keys.includes(null) && new Set(keys).size === keys.length;
}

/** Item by item, in our order with theirs put in where they stand; in their order where only they changed it. */
export function mergeLists(
  { base, ours, theirs }: Versions<Items>,
  pointer: string,
  conflicts: MergeConflict[],
  mergeItem: MergeItem,
): unknown[] {
  const [inBase, inOurs, inTheirs] = [base, ours, theirs].map(byKey) as [Keyed, Keyed, Keyed];
  const order = mergeOrder([...inBase.keys()], [...inOurs.keys()], [...inTheirs.keys()]);
  if (order === null) {
    const sides = { base: [...inBase.keys()], ours: [...inOurs.keys()], theirs: [...inTheirs.keys()] };
    conflicts.push({ pointer, ...sides });
  }
  return (order ?? interleave([...inOurs.keys()], [...inTheirs.keys()])).flatMap((key) => {
    const place = (inOurs.get(key) ?? inTheirs.get(key))?.index;
    const versions = {
      base: inBase.get(key)?.item,
      ours: inOurs.get(key)?.item,
      theirs: inTheirs.get(key)?.item,
    };
    return mergeItem(versions, `${pointer}/${place}`, conflicts) ?? [];
  });
}

type Keyed = ReadonlyMap<string, { readonly item: Item; readonly index: number }>;

function byKey(items: Items): Keyed {
  return new Map(items.map((item, index) => [keyOf(item) ?? '', { item, index }]));
}

function keyOf(item: unknown): string | null {
  if (typeof item !== 'object' || item === null) return null;
  const { name, port, address = '*', action } = item as Item;
  // A header may be changed or tested several times, and the order of changes counts.
  if (action !== undefined) return null;
  if (typeof name === 'string') return 'value' in item || 'prefix' in item ? null : name;
  return typeof port === 'number' ? `${String(address)}:${port}` : null;
}

/** null when both sides changed the order of what was there, each in its own way. */
function mergeOrder(base: string[], ours: string[], theirs: string[]): string[] | null {
  const common = base.filter((key) => ours.includes(key) && theirs.includes(key));
  const [ourCommon, theirCommon] = [ours, theirs].map((keys) => keys.filter((key) => common.includes(key)));
  const isOurs = !isEqual(ourCommon ?? [], common);
  const isTheirs = !isEqual(theirCommon ?? [], common);
  if (isOurs && isTheirs && !isEqual(ourCommon ?? [], theirCommon ?? [])) return null;
  return isTheirs ? interleave(theirs, ours) : interleave(ours, theirs);
}

/** The first list with what only the second has, each after what it follows there. */
function interleave(first: readonly string[], second: readonly string[]): string[] {
  const result = [...first];
  let after = -1;
  for (const key of second) {
    const at = result.indexOf(key);
    if (at >= 0) after = at;
    else {
      after = endOfStrangers(result, after + 1, second);
      result.splice(after, 0, key);
    }
  }
  return result;
}

/** What only the first list has at a place stays before what only the second has there. */
function endOfStrangers(result: readonly string[], from: number, second: readonly string[]): number {
  let at = from;
  while (at < result.length && !second.includes(result[at] ?? '')) at += 1;
  return at;
}

function isEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key, index) => key === b[index]);
}
