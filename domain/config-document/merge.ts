import type { ConfigDocument } from '../../contracts/config-document.ts';
import { isSame } from './semantic-diff/change.ts';
import { isKeyed, mergeLists } from './merge/lists.ts';

/** A part that both sides changed, each in its own way. */
export interface MergeConflict {
  /** JSON pointer into our document; into theirs where ours has removed the part. */
  readonly pointer: string;
  readonly base: unknown;
  readonly ours: unknown;
  readonly theirs: unknown;
}

export interface Merge {
  /** Where there is a conflict it holds ours. */
  readonly document: ConfigDocument;
  readonly conflicts: readonly MergeConflict[];
}

/**
 * Brings together what two people made of one document. Frontends, backends, servers, routes and binds are told apart by their names (binds
 * by address and port), wherever they stand; other lists are one value. Without conflicts the order of the sides does not matter, but
 * for that of things added at one place: ours come first.
 */
export function mergeDocuments(base: ConfigDocument, ours: ConfigDocument, theirs: ConfigDocument): Merge {
  const conflicts: MergeConflict[] = [];
  const document = mergeValues({ base, ours, theirs }, '', conflicts) as ConfigDocument;
  return { document, conflicts };
}

/** The three versions of one value; undefined where it is not there. */
export interface Versions<T = unknown> {
  readonly base: T;
  readonly ours: T;
  readonly theirs: T;
}

export function mergeValues(versions: Versions, pointer: string, conflicts: MergeConflict[]): unknown {
  const { base, ours, theirs } = versions;
  if (isSame(ours, theirs) || isSame(base, theirs)) return ours;
  if (isSame(base, ours)) return theirs;
  if (areAll(versions, isObject)) return mergeObjects(versions, pointer, conflicts);
  if (areAll(versions, isKeyed)) return mergeLists(versions, pointer, conflicts, mergeValues);
  conflicts.push({ pointer, base, ours, theirs });
  return ours;
}

type Members = Readonly<Record<string, unknown>>;

function mergeObjects(
  { base, ours, theirs }: Versions<Members>,
  pointer: string,
  conflicts: MergeConflict[],
): unknown {
  const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])];
  const members = names.map((name) => {
    const versions = { base: base[name], ours: ours[name], theirs: theirs[name] };
    return [name, mergeValues(versions, `${pointer}/${name}`, conflicts)] as const;
  });
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function areAll<T>(versions: Versions, is: (value: unknown) => value is T): versions is Versions<T> {
  return is(versions.base) && is(versions.ours) && is(versions.theirs);
}
