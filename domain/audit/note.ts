import { concat, fromBase64, isEqual, toBase64, toHex, toUtf8, type Sha256 } from './bytes.ts';

/** Signed notes as in c2sp.org/signed-note: a text, an empty line, and a line for each signature. */
export interface SignedNote {
  /** Ends with a line break; this is what is signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

interface NoteSignature {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

/** An Ed25519 key that signs notes, as `name+keyid+base64`. */
export interface NoteKey {
  readonly name: string;
  readonly keyId: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

export type VerifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

const ed25519 = Uint8Array.of(1);

export function noteKey(sha256: Sha256, name: string, publicKey: Uint8Array): NoteKey {
  const keyId = sha256(concat(toUtf8(`${name}\n`), ed25519, publicKey)).slice(0, 4);
  return { name, keyId, publicKey };
}

export function formatKey({ name, keyId, publicKey }: NoteKey): string {
  return `${name}+${toHex(keyId)}+${toBase64(concat(ed25519, publicKey))}`;
}

/** null when it is no Ed25519 key or its id is not that of the key. */
export function parseKey(sha256: Sha256, text: string): NoteKey | null {
  const [, name, id, base64] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text.trim()) ?? [];
  if (name === undefined || base64 === undefined) return null;
  const bytes = fromBase64(base64);
  if (bytes.length !== 33 || bytes[0] !== 1) return null;
  const key = noteKey(sha256, name, bytes.slice(1));
  return toHex(key.keyId) === id ? key : null;
}

export function formatNote(text: string, key: Omit<NoteKey, 'publicKey'>, signature: Uint8Array): string {
  return `${text}\n\u2014 ${key.name} ${toBase64(concat(key.keyId, signature))}\n`;
}

/** null when it does not have the form of a note. */
export function parseNote(note: string): SignedNote | null {
  const split = note.lastIndexOf('\n\n');
  if (split === -1 || !note.endsWith('\n')) return null;
  const lines = note.slice(split + 2, -1).split('\n');
  const signatures = lines.map(parseSignature);
  if (signatures.some((signature) => signature === null)) return null;
  return { text: note.slice(0, split + 1), signatures: signatures.filter((one) => one !== null) };
}

function parseSignature(line: string): NoteSignature | null {
  const [, name, base64] = /^\u2014 (\S+) ([A-Za-z0-9+/]+=*)$/.exec(line) ?? [];
  if (name === undefined || base64 === undefined) return null;
  const bytes = fromBase64(base64);
  return bytes.length < 5 ? null : { name, keyId: bytes.slice(0, 4), signature: bytes.slice(4) };
}

/** Whether one of the keys has signed; signatures by others are not looked at. */
export function whoSigned(
  verify: VerifyEd25519,
  note: SignedNote,
  keys: readonly NoteKey[],
): 'trusted' | 'unknown-key' | 'wrong-signature' {
  let isKnown = false;
  for (const { name, keyId, signature } of note.signatures) {
    const key = keys.find((known) => known.name === name && isEqual(known.keyId, keyId));
    if (key === undefined) continue;
    isKnown = true;
    if (verify(key.publicKey, toUtf8(note.text), signature)) return 'trusted';
  }
  return isKnown ? 'wrong-signature' : 'unknown-key';
}
