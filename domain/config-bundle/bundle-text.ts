import type { ConfigBundle, ConfigFile } from '../../contracts/config-bundle.ts';
import { canonicalJson } from '../canonical-json.ts';

export type Sha256Hex = (text: string) => string;
export type UnsignedBundle = Omit<ConfigBundle, 'hash' | 'keyId' | 'signature'>;

/** What an Ed25519 key is asked to sign with; api/signer.ts is one. */
interface BundleSigner {
  readonly keyId: string;
  sign(text: string): string;
}

/** A bundle as the control plane hands it out: its hash, and the signature over everything else in it. */
export function signBundle(sha256: Sha256Hex, signer: BundleSigner, unsigned: UnsignedBundle): ConfigBundle {
  const body = { ...unsigned, hash: filesHash(sha256, unsigned.files), keyId: signer.keyId };
  return { ...body, signature: signer.sign(canonicalJson(body)) };
}

/** The text that the signature of a bundle is over. */
export function signedText({ signature, ...body }: ConfigBundle): string {
  void signature;
  return canonicalJson(body);
}

/** One hash for all files: SHA-256 over the canonical JSON of their paths and hashes, in their order. */
export function filesHash(sha256: Sha256Hex, files: readonly Pick<ConfigFile, 'path' | 'sha256'>[]): string {
  return sha256(canonicalJson(files.map((file) => ({ path: file.path, sha256: file.sha256 }))));
}
