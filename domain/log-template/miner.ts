import { anything } from './mask-token.ts';

/** A kind of line. */
export interface LogTemplate {
  readonly text: string;
  /** Lines of this kind so far. */
  readonly count: number;
}

export interface TemplateMiner {
  /** Counts a masked line; answers its template as it is known now. */
  add(masked: string): LogTemplate;
  /** What became of a template: a slot of it may have turned out to vary since. */
  current(template: LogTemplate): LogTemplate;
  templates(): LogTemplate[];
}

interface MinerOptions {
  /** So many different words at one place, all else alike, and the place is held to vary. Left out: 8. */
  readonly slotValues?: number;
  /** Templates kept at most; left out: 10,000. Those not seen for longest go. */
  readonly most?: number;
}

interface Kept {
  text: string;
  count: number;
  seen: number;
  into: Kept | null;
  /** Slots whose place varies, with this as what they became. */
  readonly ownSlots: string[];
}

/** What is known of a line with one place left open: the texts that fill it, or the template for every filling. */
type Slot = { readonly members: string[] } | { readonly varies: Kept };

/** Longer lines are compared as a whole: nobody reads their places. */
const longest = 80;

/**
 * Finds templates in a stream of masked lines (mask.ts). Lines of the same text are of one kind; and a place at which enough different
 * words were seen, all else being alike, varies: its templates become one. Memory is bounded by `most`; a line costs one look-up
 * unless its kind is new. What was merged stays merged, so a template only ever becomes more general.
 */
export function createMiner({ slotValues = 8, most = 10_000 }: MinerOptions = {}): TemplateMiner {
  const byText = new Map<string, Kept>();
  /** Lines that were found to fill a varying place; they can be found again, so they may be forgotten at any time. */
  let aliases = new Map<string, Kept>();
  const slots = new Map<string, Slot>();
  let clock = 0;

  function add(masked: string): LogTemplate {
    clock += 1;
    const kept = last(byText.get(masked) ?? aliases.get(masked) ?? firstSight(masked));
    kept.count += 1;
    kept.seen = clock;
    return kept;
  }

  function firstSight(text: string): Kept {
    const words = text.split(' ');
    const hasSlots = words.length > 1 && words.length <= longest;
    const general = hasSlots ? generalOf(words) : null;
    if (general !== null) return alias(text, general);
    if (byText.size >= most) forgetOldest();
    const kept: Kept = { text, count: 0, seen: clock, into: null, ownSlots: [] };
    byText.set(text, kept);
    if (hasSlots) fillSlots(words, text);
    return last(kept);
  }

  function alias(text: string, general: Kept): Kept {
    if (aliases.size >= most) aliases = new Map();
    aliases.set(text, general);
    return general;
  }

  /** The template whose varying place this line fills. */
  function generalOf(words: readonly string[]): Kept | null {
    for (let place = 0; place < words.length; place += 1) {
      const slot = slots.get(slotOf(words, place));
      if (slot !== undefined && 'varies' in slot) return last(slot.varies);
    }
    return null;
  }

  function fillSlots(words: readonly string[], text: string): void {
    for (let place = 0; place < words.length; place += 1) {
      const name = slotOf(words, place);
      const slot = slots.get(name);
      if (slot === undefined) slots.set(name, { members: [text] });
      else if ('members' in slot && slot.members.push(text) >= slotValues)
        return merge(name, slot.members, words.with(place, anything));
    }
  }

  function merge(name: string, members: readonly string[], words: readonly string[]): void {
    const text = words.join(' ');
    const target = last(byText.get(text) ?? firstSight(text));
    slots.set(name, { varies: target });
    target.ownSlots.push(name);
    for (const member of members) {
      const kept = byText.get(member);
      if (kept === undefined || last(kept) === target) continue;
      const root = last(kept);
      target.count += root.count;
      root.into = target;
      target.ownSlots.push(...root.ownSlots);
      if (kept === root) forget(member);
      alias(member, target);
    }
  }

  /** A tenth at once, so that it is seldom. */
  function forgetOldest(): void {
    const oldest = [...byText].sort(([, a], [, b]) => last(a).seen - last(b).seen);
    for (const [text] of oldest.slice(0, Math.ceil(most / 10))) forget(text);
  }

  function forget(text: string): void {
    const kept = byText.get(text);
    byText.delete(text);
    for (const name of kept?.into === null ? kept.ownSlots : []) slots.delete(name);
    const words = text.split(' ');
    if (words.length > longest) return;
    for (let place = 0; place < words.length; place += 1) leave(slotOf(words, place), text);
  }

  function leave(name: string, text: string): void {
    const slot = slots.get(name);
    if (slot === undefined || !('members' in slot)) return;
    const rest = slot.members.filter((member) => member !== text);
    if (rest.length === 0) slots.delete(name);
    else slots.set(name, { members: rest });
  }

  return {
    add,
    current: (template) => last(template as Kept),
    templates: () => [...new Set([...byText.values()].map(last))],
  };
}

function last(kept: Kept): Kept {
  let now = kept;
  while (now.into !== null) now = now.into;
  return now;
}

/** The line with one place left open. */
function slotOf(words: readonly string[], place: number): string {
  return `${place}\u0000${words.with(place, '\u0000').join(' ')}`;
}
