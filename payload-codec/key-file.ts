import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { OpsError } from '../domain/errors.ts';

/** The file of payload keys: several are known and open old payloads, one seals new ones. */
export interface KeyFile {
  readonly sealWith: string;
  /** 32 random bytes as base64, by key id. */
  readonly keys: Readonly<Record<string, string>>;
}

const keyBytes = 32;

/** Throws `invalid-input` that names the file, never what is in it. */
export function readKeyFile(file: string): KeyFile {
  const text = textOf(file);
  const found = parsed(text);
  const problem = found === null ? 'it is no JSON object' : problemOf(found);
  if (found === null || problem !== null)
    throw new OpsError('invalid-input', `the payload keys in ${file} cannot be used: ${problem}`);
  return found;
}

/** A file with one new key. */
export function newKeyFile(): KeyFile {
  return withNewKey({ sealWith: '', keys: {} });
}

/** Adds a key and seals with it from now on; what was sealed with the others can still be opened. */
export function withNewKey(before: KeyFile): KeyFile {
  const id = `key-${randomBytes(6).toString('hex')}`;
  return { sealWith: id, keys: { ...before.keys, [id]: randomBytes(keyBytes).toString('base64') } };
}

/** Whole or not at all, and for its owner alone: it is read while it is replaced. */
export async function writeKeyFile(file: string, keys: KeyFile): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, file);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'it cannot be read';
    throw new OpsError('invalid-input', `the payload keys in ${file} cannot be read (${why})`);
  }
}

/** The cause is left out on purpose: the message of a JSON error repeats a part of the text. */
function parsed(text: string): KeyFile | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as KeyFile) : null;
  } catch {
    return null;
  }
}

function problemOf({ sealWith, keys }: { sealWith?: unknown; keys?: unknown }): string | null {
  if (typeof keys !== 'object' || keys === null) return '"keys" is missing';
  for (const [id, key] of Object.entries(keys)) {
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(id)) return 'a key id is not 1 to 64 letters, digits or . _ -';
    if (typeof key !== 'string' || Buffer.from(key, 'base64').length !== keyBytes)
      return `the key ${id} is not ${keyBytes} bytes as base64`;
  }
  if (typeof sealWith !== 'string' || !Object.hasOwn(keys, sealWith)) return '"sealWith" names none of them';
  return null;
}
