import type { ConfigBundle, ConfigRefusal } from '../../contracts/config-bundle.ts';
import { filesHash, signedText, type Sha256Hex } from './bundle-text.ts';

/** What the one who decides knows. `verify` answers null for a key that is not trusted. */
export interface BundleFacts {
  readonly project: string;
  readonly environment: string;
  readonly proxy: string;
  readonly sha256: Sha256Hex;
  readonly verify: (keyId: string, text: string, signature: string) => boolean | null;
  /** The newest that was ever taken. */
  readonly newest: Pick<ConfigBundle, 'sequence' | 'hash' | 'revision' | 'order'> | null;
  /** No sequence below this one counts, whatever is known of the newest. */
  readonly floor: number;
  /** Unix milliseconds. */
  readonly now: number;
  /** Unix milliseconds of a timestamp. */
  readonly parseTime: (timestamp: string) => number;
}

export interface Refused {
  readonly refusal: ConfigRefusal;
  readonly why: string;
}

/** Why a bundle is not to be taken, or null. The signature comes first: nothing that an unknown hand wrote is told apart. */
export function refuseBundle(bundle: ConfigBundle, facts: BundleFacts): Refused | null {
  return ofHand(bundle, facts) ?? ofPlace(bundle, facts) ?? ofFiles(bundle, facts) ?? ofTime(bundle, facts);
}

function ofHand(bundle: ConfigBundle, { verify }: BundleFacts): Refused | null {
  const isSigned = verify(bundle.keyId, signedText(bundle), bundle.signature);
  if (isSigned === null) return refused('unknown-key', `no trusted key has the id ${bundle.keyId}`);
  return isSigned ? null : refused('bad-signature', `the signature is not that of the key ${bundle.keyId}`);
}

function ofPlace(bundle: ConfigBundle, facts: BundleFacts): Refused | null {
  const { project, environment, proxy } = bundle;
  if (project !== facts.project || environment !== facts.environment) {
    const here = `${facts.project}/${facts.environment}`;
    return refused('wrong-project', `it is for ${project}/${environment}, and this is ${here}`);
  }
  if (proxy === null || proxy === facts.proxy) return null;
  return refused('wrong-proxy', `it is for the proxy ${proxy}, and this is ${facts.proxy}`);
}

/** A rollback without any file means the operator's own. */
function ofFiles({ files, hash, order }: ConfigBundle, { sha256 }: BundleFacts): Refused | null {
  const isWayBack = files.length === 0 && order === 'rollback';
  if (!isWayBack && (files.length !== 1 || files[0]?.path !== 'base.cfg')) {
    const paths = files.map(({ path }) => path).join(', ') || 'nothing';
    return refused('path-not-allowed', `a bundle holds base.cfg and nothing else, not ${paths}`);
  }
  const broken = files.find((file) => sha256(file.content) !== file.sha256);
  if (broken) return refused('hash-mismatch', `${broken.path} is not the text that its hash names`);
  return filesHash(sha256, files) === hash
    ? null
    : refused('hash-mismatch', 'its hash is not that of its files');
}

function ofTime(bundle: ConfigBundle, { newest, floor, now, parseTime }: BundleFacts): Refused | null {
  const { sequence, notBefore, expiresAt } = bundle;
  const highest = Math.max(floor, newest?.sequence ?? 0);
  if (sequence < highest)
    return refused('older-sequence', `sequence ${sequence} is older than ${highest}, which was seen before`);
  if (newest && sequence === newest.sequence) {
    const isSame =
      newest.hash === bundle.hash && newest.revision === bundle.revision && newest.order === bundle.order;
    return isSame ? null : refused('sequence-reused', `sequence ${sequence} was seen with other content`);
  }
  if (now < parseTime(notBefore)) return refused('not-yet-valid', `it holds from ${notBefore} on`);
  return now < parseTime(expiresAt) ? null : refused('expired', `it held until ${expiresAt}`);
}

function refused(refusal: ConfigRefusal, why: string): Refused {
  return { refusal, why };
}
