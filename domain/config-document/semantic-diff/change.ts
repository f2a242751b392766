import { canonicalJson } from '../../canonical-json.ts';

export type ChangeKind =
  | 'frontend-added'
  | 'frontend-removed'
  | 'backend-added'
  | 'backend-removed'
  | 'bind-added'
  | 'bind-removed'
  | 'bind-changed'
  | 'route-added'
  | 'route-removed'
  | 'route-moved'
  | 'route-match'
  | 'route-order'
  | 'route-changed'
  | 'server-added'
  | 'server-removed'
  | 'server-weight'
  | 'server-address'
  | 'server-state'
  | 'server-changed'
  | 'limit'
  | 'timeout'
  | 'headers'
  | 'setting';

/** One thing that a new document does differently. */
export interface Change {
  readonly kind: ChangeKind;
  /** JSON pointer into the new document; into the old one for what was removed. */
  readonly pointer: string;
  /** One sentence for whoever approves it. */
  readonly detail: string;
}

export function isSame(before: unknown, after: unknown): boolean {
  return canonicalJson(before) === canonicalJson(after);
}

const longest = 120;

/** A value in words short enough for a sentence. */
export function spell(value: unknown): string {
  if (value === undefined) return 'not set';
  const text = typeof value === 'string' ? value : canonicalJson(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

type Settings = Readonly<Record<string, unknown>>;

interface Compared {
  readonly before: Settings;
  readonly after: Settings;
  readonly pointer: string;
  /** Whose settings they are, as in "backend cart". */
  readonly owner: string;
  readonly kindOf: (name: string) => ChangeKind;
  /** Members that are compared elsewhere. */
  readonly except?: readonly string[];
}

/** Every member that differs; whatever is added to the contract is seen here without a word more. */
export function settingChanges({ before, after, pointer, owner, kindOf, except = [] }: Compared): Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .filter((name) => !except.includes(name) && !isSame(before[name], after[name]))
    .map((name) => ({
      kind: kindOf(name),
      pointer: `${pointer}/${name}`,
      detail: `${owner}: ${name} becomes ${spell(after[name])}, it was ${spell(before[name])}`,
    }));
}

/** Timeouts, limits and the like: each member of a member by itself. */
export function nestedChanges(compared: Compared & { readonly member: string }): Change[] {
  const { before, after, pointer, member } = compared;
  return settingChanges({
    ...compared,
    before: (before[member] ?? {}) as Settings,
    after: (after[member] ?? {}) as Settings,
    pointer: `${pointer}/${member}`,
    owner: `${compared.owner}, ${member}`,
    except: [],
  });
}
