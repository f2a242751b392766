import { type OwnerRule, ruleOf } from './codeowners.ts';
import { stackFrames } from './stack-frames.ts';

export interface Ownership {
  readonly owners: readonly string[];
  /** The rule of CODEOWNERS, by its line, from 1, and its pattern. */
  readonly line: number;
  readonly pattern: string;
  /** As it was looked up, relative to the repository. */
  readonly path: string;
}

/**
 * Who owns an error: of the project's own frames the one nearest to the error that has an owner. A stack names files as they lie on some
 * machine, so folders before the repository's are dropped until a rule matches. Null when no frame has an owner.
 */
export function ownerOf(rules: readonly OwnerRule[], stack: string): Ownership | null {
  for (const path of pathsOf(stack)) {
    const found = ownerOfPath(rules, path);
    if (found !== null) return found;
  }
  return null;
}

/** Files of the project's own frames, nearest to the error first, each once. */
export function pathsOf(stack: string): string[] {
  const frames = stackFrames(stack).filter(({ isForeign, path }) => !isForeign && path !== '');
  // Python tells the innermost frame last.
  const inwards = /^\s*File "/m.test(stack) ? frames.reverse() : frames;
  return [...new Set(inwards.map(({ path }) => path))];
}

/** Of all places that the repository's root may be at, the one whose rule is last in the file; then the longest. */
function ownerOfPath(rules: readonly OwnerRule[], path: string): Ownership | null {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.' && segment !== '..');
  // A bare file name could be any of that name.
  const fewest = Math.min(2, segments.length);
  let best: Ownership | null = null;
  for (let from = 0; from + fewest <= segments.length; from += 1) {
    const relative = segments.slice(from).join('/');
    const rule = ruleOf(rules, relative);
    if (rule !== null && rule.line > (best?.line ?? 0))
      best = { owners: rule.owners, line: rule.line, pattern: rule.pattern, path: relative };
  }
  return best === null || best.owners.length === 0 ? null : best;
}
