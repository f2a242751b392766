import { createHash } from 'node:crypto';
import { readOrder, type OrderContent, type OrderKey } from '../../db/config-rollout/bundle.ts';
import type { Db } from '../../db/connect.ts';
import { signBundle } from '../../domain/config-bundle/bundle-text.ts';
import { parseDuration } from '../../domain/duration.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Signer } from '../signer.ts';

/** A bundle as it goes over the wire, to every proxy of an environment the same. */
export interface SignedBundle {
  /** JSON in UTF-8: writing a text into as many bytes for each of thousands would cost more than sending it. */
  readonly body: Buffer;
  readonly tag: string;
}

export type SignedBundles = (key: OrderKey) => Promise<SignedBundle>;

interface Kept {
  readonly bundle: Promise<SignedBundle>;
  /** Unix milliseconds; from then on it is signed anew. */
  freshUntil: number;
}

const usualLifetime = '24h';
/** For agents whose clock is behind. */
const earlierMs = 60_000;
const keptAtMost = 100;

/** Signs each order once, when the first agent asks for it, and again when less than a third of its lifetime is left. */
export function createSignedBundles(db: Db, signerOf: () => Signer, now = Date.now): SignedBundles {
  const kept = new Map<string, Kept>();

  return (key) => {
    const name = `${key.project}/${key.environment}/${key.sequence}`;
    const known = kept.get(name);
    if (known && known.freshUntil > now()) return known.bundle;
    kept.delete(name);
    if (kept.size >= keptAtMost) kept.delete(kept.keys().next().value ?? '');
    const fresh: Kept = { bundle: signed(key, name), freshUntil: Infinity };
    kept.set(name, fresh);
    return fresh.bundle;
  };

  /** Everybody who asks meanwhile waits for the same one; a failure is forgotten. */
  async function signed(key: OrderKey, name: string): Promise<SignedBundle> {
    try {
      const { bundle, lifetimeMs } = await sign(key);
      const own = kept.get(name);
      if (own) own.freshUntil = now() + (lifetimeMs * 2) / 3;
      return bundle;
    } catch (error) {
      kept.delete(name);
      throw error;
    }
  }

  async function sign(key: OrderKey): Promise<{ bundle: SignedBundle; lifetimeMs: number }> {
    const signer = signerOf();
    const content = await readOrder(db, key);
    const lifetimeMs = parseDuration(content.bundleLifetime ?? usualLifetime);
    const bundle = signBundle(sha256, signer, {
      ...{ project: key.project, environment: key.environment, proxy: null, sequence: key.sequence },
      ...{ revision: content.revision, order: content.kind, drift: content.drift, files: filesOf(content) },
      notBefore: new Date(now() - earlierMs).toISOString(),
      expiresAt: new Date(now() + lifetimeMs).toISOString(),
    });
    if (bundle.hash !== content.hash)
      throw new OpsError('internal', `order ${key.sequence} names other files than its revision has`);
    const tag = `"${bundle.sequence}-${bundle.hash}"`;
    return { bundle: { body: Buffer.from(JSON.stringify(bundle)), tag }, lifetimeMs };
  }
}

function filesOf({ rendered }: OrderContent) {
  return rendered === null ? [] : [{ path: 'base.cfg', content: rendered, sha256: sha256(rendered) }];
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
