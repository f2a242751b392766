import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { sha256, verifyEd25519 } from '../../../cli/audit/tools.ts';
import { toUtf8 } from '../../../domain/audit/bytes.ts';
import { formatCheckpoint, parseCheckpoint } from '../../../domain/audit/checkpoint.ts';
import {
  formatKey,
  formatNote,
  noteKey,
  parseKey,
  parseNote,
  whoSigned,
} from '../../../domain/audit/note.ts';

/** The note of the documentation of golang.org/x/mod/sumdb/note, which C2SP describes. */
const peter = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const wisdom =
  'If you think cryptography is the answer to your problem,\nthen you don\u2019t know what your problem is.\n';
const signedWisdom =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
  '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

test('a note that another implementation signed is trusted', () => {
  const key = parseKey(sha256, peter);
  const note = parseNote(signedWisdom);
  if (key === null || note === null) throw new Error('neither key nor note may be refused');

  expect(whoSigned(verifyEd25519, note, [key])).toBe('trusted');
  expect(whoSigned(verifyEd25519, { ...note, text: wisdom }, [key])).toBe('wrong-signature');
  expect(whoSigned(verifyEd25519, note, [])).toBe('unknown-key');
  expect(formatKey(key)).toBe(peter);
});

test.each([
  ['another id', peter.replace('c74f20a3', 'c74f20a4')],
  ['another key under the id', peter.replace('ARpc', 'ARpd')],
  ['another algorithm', peter.replace('+ARpc', '+AhpC')],
  ['no key at all', 'PeterNeumann'],
])('a key with %s is refused', (_name, text) => {
  expect(parseKey(sha256, text)).toBeNull();
});

test.each([
  ['no signature', 'text\n'],
  ['a signature that is none', 'text\n\nPeter says so\n'],
  ['no line break at its end', signedWisdom.trimEnd()],
])('a note with %s is refused', (_name, text) => {
  expect(parseNote(text)).toBeNull();
});

test('a checkpoint goes there and back', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const key = noteKey(sha256, 'holdfast/audit', raw);
  const checkpoint = { origin: 'holdfast/audit/default', size: 7, root: sha256(toUtf8('root')) };

  const text = formatCheckpoint(checkpoint);
  const note = parseNote(formatNote(text, key, sign(null, toUtf8(text), privateKey)));

  expect(note && whoSigned(verifyEd25519, note, [key])).toBe('trusted');
  expect(parseCheckpoint(note?.text ?? '')).toEqual({ ...checkpoint, root: new Uint8Array(checkpoint.root) });
});

test.each(['', 'origin\n', 'origin\n07\nAAAA\n', 'origin\n7\nnot base64\n', 'origin\n-1\nAAAA\n'])(
  'a text that is no checkpoint is refused: %j',
  (text) => {
    expect(parseCheckpoint(text)).toBeNull();
  },
);
