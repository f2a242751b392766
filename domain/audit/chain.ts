import { toUtf8, type Sha256 } from './bytes.ts';

/** What the first seal of a project has for a parent: no other project has the same. */
export function genesisHash(sha256: Sha256, project: string): Uint8Array {
  return sha256(toUtf8(`holdfast audit chain 1\n${project}\n`));
}

/** The hash of a seal: it binds its parent, its place and the leaf of its entry. */
export function sealHash(sha256: Sha256, prev: Uint8Array, seq: number, leaf: Uint8Array): Uint8Array {
  const data = new Uint8Array(1 + prev.length + seqBytes + leaf.length);
  data[0] = sealPrefix;
  data.set(prev, 1);
  for (let rest = seq, at = prev.length + seqBytes; rest > 0; rest = Math.floor(rest / 256), at -= 1) {
    data[at] = rest % 256;
  }
  data.set(leaf, 1 + prev.length + seqBytes);
  return sha256(data);
}

/** Leaves and nodes of the tree are hashed behind 0 and 1. */
const sealPrefix = 2;
/** Big-endian. */
const seqBytes = 8;
