import { OpsError } from '../../domain/errors.ts';
import type { Signer } from '../signer.ts';

/** Throws `unavailable` with the remedy: nothing unsigned ever reaches a proxy. */
export function requireSigner(signer: Signer | undefined): Signer {
  if (signer) return signer;
  throw new OpsError(
    'unavailable',
    'this API has no key to sign configurations with; set HOLDFAST_SIGNING_KEY to the file of an Ed25519 key and restart it',
  );
}
