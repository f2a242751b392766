import { createSecretKey, type KeyObject } from 'node:crypto';
import { statSync } from 'node:fs';
import { readKeyFile } from './key-file.ts';

export interface PayloadKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** The keys of this process, kept in step with their file: a rotation needs no restart. */
export interface Keyring {
  /** The key that new payloads are sealed with. */
  sealing(): PayloadKey;
  find(id: string): PayloadKey | null;
}

const lookEveryMs = 1000;

/** Throws `invalid-input` when the file cannot be used at the start; a file that breaks later changes nothing. */
export function openKeyring(file: string): Keyring {
  let ring = readRing(file);
  let seen = markOf(file);
  let lookedAt = performance.now();

  function look(): void {
    lookedAt = performance.now();
    const now = markOf(file);
    if (now === null || now === seen) return;
    try {
      ring = readRing(file);
      seen = now;
    } catch {
      // Half-edited by hand: the keys that were read before go on.
    }
  }

  return {
    sealing() {
      if (performance.now() - lookedAt > lookEveryMs) look();
      return ring.sealing;
    },
    find(id) {
      // Another process may have begun to seal with a new key: a look costs less than a payload that stays closed.
      if (!ring.keys.has(id)) look();
      return ring.keys.get(id) ?? null;
    },
  };
}

interface Ring {
  readonly sealing: PayloadKey;
  readonly keys: ReadonlyMap<string, PayloadKey>;
}

function readRing(file: string): Ring {
  const { sealWith, keys } = readKeyFile(file);
  const ring = new Map(
    Object.entries(keys).map(([id, text]) => [id, { id, key: createSecretKey(text, 'base64') }]),
  );
  return { sealing: ring.get(sealWith) as PayloadKey, keys: ring };
}

function markOf(file: string): string | null {
  try {
    const { mtimeMs, ino, size } = statSync(file);
    return `${mtimeMs}/${ino}/${size}`;
  } catch {
    return null;
  }
}
