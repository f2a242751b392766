import type { Sha256 } from './bytes.ts';
import { nodeHash } from './merkle.ts';

/** Paths of many leaves of one tree, each as `inclusionPath` has it; every node is hashed once. */
export function inclusionPaths(
  sha256: Sha256,
  leaves: readonly Uint8Array[],
  indices: readonly number[],
): Uint8Array[][] {
  const paths: Uint8Array[][] = indices.map(() => []);
  let level = leaves;
  for (let height = 0; level.length > 1; height += 1) {
    indices.forEach((index, of) => {
      // The last node of an odd level has no sibling: it is carried up as it is.
      const sibling = level[Math.floor(index / 2 ** height) ^ 1];
      if (sibling !== undefined) paths[of]?.push(sibling);
    });
    level = parentsOf(sha256, level);
  }
  return paths;
}

function parentsOf(sha256: Sha256, level: readonly Uint8Array[]): Uint8Array[] {
  const parents: Uint8Array[] = [];
  for (let at = 0; at < level.length; at += 2) {
    const [left, right] = [level[at], level[at + 1]];
    if (left !== undefined) parents.push(right === undefined ? left : nodeHash(sha256, left, right));
  }
  return parents;
}
