import { isEqual, type Sha256 } from './bytes.ts';

/** Merkle trees of RFC 6962, section 2.1. `Frontier` holds the roots of the perfect subtrees, so a tree grows without its leaves. */
export interface Frontier {
  readonly size: number;
  /** From the largest subtree to the smallest, one for each bit of `size`. */
  readonly hashes: readonly Uint8Array[];
}

export const emptyTree: Frontier = { size: 0, hashes: [] };

export function leafHash(sha256: Sha256, entry: Uint8Array): Uint8Array {
  const data = new Uint8Array(entry.length + 1);
  data.set(entry, 1);
  return sha256(data);
}

export function appendLeaf(sha256: Sha256, tree: Frontier, leaf: Uint8Array): Frontier {
  const hashes = [...tree.hashes];
  let right = leaf;
  for (let size = tree.size; size % 2 === 1; size = Math.floor(size / 2)) {
    right = nodeHash(sha256, hashes.pop() ?? right, right);
  }
  hashes.push(right);
  return { size: tree.size + 1, hashes };
}

export function rootOf(sha256: Sha256, tree: Frontier): Uint8Array {
  const last = tree.hashes.at(-1);
  if (last === undefined) return sha256(new Uint8Array());
  return tree.hashes.slice(0, -1).reduceRight((root, left) => nodeHash(sha256, left, root), last);
}

export function treeOf(sha256: Sha256, leaves: Iterable<Uint8Array>): Frontier {
  let tree = emptyTree;
  for (const leaf of leaves) tree = appendLeaf(sha256, tree, leaf);
  return tree;
}

/** The hashes that lead from leaf `index` to the root over all `leaves`. */
export function inclusionPath(sha256: Sha256, leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (leaves.length <= 1) return [];
  const half = largestPowerBelow(leaves.length);
  const [left, right] = [leaves.slice(0, half), leaves.slice(half)];
  return index < half
    ? [...inclusionPath(sha256, left, index), rangeRoot(sha256, right)]
    : [...inclusionPath(sha256, right, index - half), rangeRoot(sha256, left)];
}

/** The hashes that prove that the first `oldSize` of `leaves` were the whole tree once. */
export function consistencyPath(
  sha256: Sha256,
  leaves: readonly Uint8Array[],
  oldSize: number,
): Uint8Array[] {
  return oldSize === 0 ? [] : subproof(sha256, leaves, oldSize, true);
}

function subproof(
  sha256: Sha256,
  leaves: readonly Uint8Array[],
  size: number,
  isWhole: boolean,
): Uint8Array[] {
  if (size === leaves.length) return isWhole ? [] : [rangeRoot(sha256, leaves)];
  const half = largestPowerBelow(leaves.length);
  const [left, right] = [leaves.slice(0, half), leaves.slice(half)];
  return size <= half
    ? [...subproof(sha256, left, size, isWhole), rangeRoot(sha256, right)]
    : [...subproof(sha256, right, size - half, false), rangeRoot(sha256, left)];
}

/** RFC 9162, section 2.1.3.2. */
export function isIncluded(
  sha256: Sha256,
  proof: { index: number; size: number; leaf: Uint8Array; path: readonly Uint8Array[]; root: Uint8Array },
): boolean {
  const { index, size, path } = proof;
  if (index < 0 || index >= size) return false;
  let [position, last, root] = [index, size - 1, proof.leaf];
  for (const sibling of path) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      root = nodeHash(sha256, sibling, root);
      while (position % 2 === 0 && position !== 0) [position, last] = [halved(position), halved(last)];
    } else root = nodeHash(sha256, root, sibling);
    [position, last] = [halved(position), halved(last)];
  }
  return last === 0 && isEqual(root, proof.root);
}

/** RFC 9162, section 2.1.4.2: the tree of `newSize` begins with the one of `oldSize`. */
export function isConsistent(
  sha256: Sha256,
  proof: {
    oldSize: number;
    newSize: number;
    oldRoot: Uint8Array;
    newRoot: Uint8Array;
    path: readonly Uint8Array[];
  },
): boolean {
  const { oldSize, newSize, oldRoot, newRoot } = proof;
  if (oldSize > newSize) return false;
  if (oldSize === newSize) return proof.path.length === 0 && isEqual(oldRoot, newRoot);
  if (oldSize === 0) return proof.path.length === 0;
  const path = isPowerOfTwo(oldSize) ? [oldRoot, ...proof.path] : [...proof.path];
  let [position, last] = [oldSize - 1, newSize - 1];
  while (position % 2 === 1) [position, last] = [halved(position), halved(last)];
  const first = path.shift();
  if (first === undefined) return false;
  let [older, newer] = [first, first];
  for (const hash of path) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      older = nodeHash(sha256, hash, older);
      newer = nodeHash(sha256, hash, newer);
      while (position % 2 === 0 && position !== 0) [position, last] = [halved(position), halved(last)];
    } else newer = nodeHash(sha256, newer, hash);
    [position, last] = [halved(position), halved(last)];
  }
  return last === 0 && isEqual(older, oldRoot) && isEqual(newer, newRoot);
}

function rangeRoot(sha256: Sha256, leaves: readonly Uint8Array[]): Uint8Array {
  return rootOf(sha256, treeOf(sha256, leaves));
}

export function nodeHash(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  const data = new Uint8Array(1 + left.length + right.length);
  data[0] = 1;
  data.set(left, 1);
  data.set(right, 1 + left.length);
  return sha256(data);
}

function largestPowerBelow(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

function isPowerOfTwo(size: number): boolean {
  return size >= 1 && largestPowerBelow(size * 2) === size;
}

function halved(position: number): number {
  return Math.floor(position / 2);
}
