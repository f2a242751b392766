import { concat, toUtf8, type Sha256 } from './bytes.ts';

/** What the first seal of a project has for a parent: no other project has the same. */
export function genesisHash(sha256: Sha256, project: string): Uint8Array {
  return sha256(toUtf8(`holdfast audit chain 1\n${project}\n`));
}

/** The hash of a seal: it binds its parent, its place and the leaf of its entry. */
export function sealHash(sha256: Sha256, prev: Uint8Array, seq: number, leaf: Uint8Array): Uint8Array {
  return sha256(concat(sealPrefix, prev, bigEndian(seq), leaf));
}

/** Leaves and nodes of the tree are hashed behind 0 and 1. */
const sealPrefix = Uint8Array.of(2);

function bigEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(value / 2 ** 32));
  view.setUint32(4, value % 2 ** 32);
  return bytes;
}
