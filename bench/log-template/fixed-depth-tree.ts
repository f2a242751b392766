/** The peer: a tree of fixed depth over raw lines, as Drain has it (He et al. 2017), with its usual settings and no rules per system. */
const depth = 4;
const similarity = 0.4;
const mostChildren = 100;
const wildcard = '<*>';

interface Group {
  readonly id: number;
  words: string[];
}

export function groupByTree(lines: readonly string[]): string[] {
  const leaves = new Map<string, Group[]>();
  const children = new Map<string, Set<string>>();
  let groups = 0;

  function leafOf(words: readonly string[]): Group[] {
    let path = String(words.length);
    for (const word of words.slice(0, depth - 2)) path = `${path}\u0000${branchOf(path, word)}`;
    const leaf = leaves.get(path) ?? [];
    leaves.set(path, leaf);
    return leaf;
  }

  function branchOf(path: string, word: string): string {
    if (/\d/.test(word)) return wildcard;
    const own = children.get(path) ?? new Set();
    children.set(path, own);
    if (own.has(word)) return word;
    if (own.size >= mostChildren - 1) return wildcard;
    own.add(word);
    return word;
  }

  return lines.map((line) => {
    const words = line.split(/\s+/).filter((word) => word !== '');
    const leaf = leafOf(words);
    let best: Group | null = null;
    let bestShare = 0;
    for (const group of leaf) {
      const share = group.words.filter((word, place) => word === words[place]).length / words.length;
      if (share > bestShare || best === null) [best, bestShare] = [group, share];
    }
    if (best === null || bestShare < similarity) {
      const fresh = { id: groups++, words };
      leaf.push(fresh);
      return String(fresh.id);
    }
    best.words = best.words.map((word, place) => (word === words[place] ? word : wildcard));
    return String(best.id);
  });
}
