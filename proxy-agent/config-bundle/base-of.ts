import type { ConfigBundle } from '../../contracts/config-bundle.ts';
import { filesHash } from '../../domain/config-bundle/bundle-text.ts';
import { operatorsBase } from '../config-file.ts';
import type { AgentSettings } from '../settings.ts';
import type { ProvableBase } from './apply-bundle.ts';
import { proofSocket } from './proof.ts';
import { sha256Hex } from './sha256-hex.ts';

/** What the file is written from under a bundle, which has one file, base.cfg, or none: then it is the operator's own again. */
export function baseOf(
  settings: AgentSettings,
  bundle: ConfigBundle,
): ProvableBase | { readonly fault: string } {
  const { hash, sequence, files } = bundle;
  const proof = { socket: proofSocket(settings), hash, sequence };
  const [own] = files;
  if (own === undefined) {
    const base = operatorsBase(settings);
    return 'fault' in base ? base : { ...base, proof };
  }
  return { name: `the bundle of sequence ${sequence}`, text: own.content, proof, isOperators: false };
}

/** The operator's own base as something that one can go back to and prove, as if it had come in a bundle. */
export function provableOperatorsBase(settings: AgentSettings): ProvableBase | { readonly fault: string } {
  const base = operatorsBase(settings);
  if ('fault' in base) return base;
  const hash = filesHash(sha256Hex, [{ path: 'base.cfg', sha256: sha256Hex(base.text) }]);
  return { ...base, proof: { socket: proofSocket(settings), hash, sequence: 0 } };
}
