import { hash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  appendLeaf,
  consistencyPath,
  emptyTree,
  inclusionPath,
  isConsistent,
  isIncluded,
  leafHash,
  rootOf,
  treeOf,
} from '../../../domain/audit/merkle.ts';

const sha256 = (data: Uint8Array): Uint8Array => hash('sha256', data, 'buffer');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The leaves and roots that the implementations of Certificate Transparency (RFC 6962) are tested with. */
const inputs = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const known = inputs.map((input) => leafHash(sha256, Buffer.from(input, 'hex')));

test.each(roots.map((root, size) => ({ size, root })))('the root over $size leaves', ({ size, root }) => {
  expect(hex(rootOf(sha256, treeOf(sha256, known.slice(0, size))))).toBe(root);
});

const leavesOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => leafHash(sha256, Buffer.from(`entry ${index}`)));

test('the root by appending is the root of section 2.1 of the RFC', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), (size) => {
      const leaves = leavesOf(size);

      expect(hex(rootOf(sha256, treeOf(sha256, leaves)))).toBe(hex(rootByDefinition(leaves)));
    }),
  );
});

test('every leaf is proven in every tree that has it, and no other leaf is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), fc.nat(), (size, some, other) => {
      const leaves = leavesOf(size);
      const index = some % size;
      const path = inclusionPath(sha256, leaves, index);
      const root = rootOf(sha256, treeOf(sha256, leaves));
      const proof = { index, size, leaf: leaves[index] ?? root, path, root };

      expect(isIncluded(sha256, proof)).toBe(true);
      expect(isIncluded(sha256, { ...proof, leaf: leafHash(sha256, Buffer.from('another')) })).toBe(false);
      if (other % size !== index) expect(isIncluded(sha256, { ...proof, index: other % size })).toBe(false);
      expect(isIncluded(sha256, { ...proof, path: [...path, root] })).toBe(false);
      if (path.length > 0) expect(isIncluded(sha256, { ...proof, path: path.slice(1) })).toBe(false);
    }),
  );
});

test('every older tree is proven to be the beginning of the newer one, and no other is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), (newSize, some) => {
      const leaves = leavesOf(newSize);
      const oldSize = 1 + (some % newSize);
      const oldRoot = rootOf(sha256, treeOf(sha256, leaves.slice(0, oldSize)));
      const newRoot = rootOf(sha256, treeOf(sha256, leaves));
      const proof = { oldSize, newSize, oldRoot, newRoot, path: consistencyPath(sha256, leaves, oldSize) };
      const forged = rootOf(sha256, treeOf(sha256, leaves.slice(0, oldSize).reverse()));

      expect(isConsistent(sha256, proof)).toBe(true);
      if (oldSize > 1) expect(isConsistent(sha256, { ...proof, oldRoot: forged })).toBe(false);
      if (oldSize < newSize) expect(isConsistent(sha256, { ...proof, newRoot: oldRoot })).toBe(false);
    }),
  );
});

test('an older tree that is larger proves nothing', () => {
  const [root = new Uint8Array()] = leavesOf(1);

  const proof = { oldSize: 2, newSize: 1, oldRoot: root, newRoot: root, path: [] };

  expect(isConsistent(sha256, proof)).toBe(false);
});

test('a tree is not changed by appending to it', () => {
  const [leaf = new Uint8Array()] = leavesOf(1);

  appendLeaf(sha256, emptyTree, leaf);

  expect(emptyTree).toEqual({ size: 0, hashes: [] });
});

/** MTH of RFC 6962, word for word. */
function rootByDefinition(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return only;
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  const [left, right] = [rootByDefinition(leaves.slice(0, half)), rootByDefinition(leaves.slice(half))];
  return sha256(Buffer.concat([Buffer.from([1]), left, right]));
}
