import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ConfigBundle } from '../../contracts/config-bundle.ts';
import { filesHash, signBundle, type UnsignedBundle } from '../../domain/config-bundle/bundle-text.ts';
import { refuseBundle, type BundleFacts } from '../../domain/config-bundle/refuse-bundle.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signer = {
  keyId: '0123456789abcdef',
  sign: (text: string) => sign(null, Buffer.from(text), privateKey).toString('base64'),
};
const now = Date.parse('2026-11-22T12:00:00Z');

const plain: UnsignedBundle = {
  project: 'shop',
  environment: 'production',
  proxy: null,
  revision: sha256('a'),
  sequence: 5,
  order: 'apply',
  notBefore: '2026-11-22T11:00:00.000Z',
  expiresAt: '2026-11-22T13:00:00.000Z',
  files: [file('base.cfg', 'global\n')],
};
const facts: BundleFacts = {
  project: 'shop',
  environment: 'production',
  proxy: 'edge-1',
  sha256,
  verify: (keyId, text, signature) =>
    keyId === signer.keyId
      ? verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64'))
      : null,
  newest: null,
  floor: 0,
  now,
  parseTime: Date.parse,
};

describe('a bundle is taken', () => {
  test.each<readonly [string, Partial<UnsignedBundle>, Partial<BundleFacts>]>([
    ['as the first one', {}, {}],
    ['for this proxy alone', { proxy: 'edge-1' }, {}],
    ['with a newer sequence', {}, { newest: { ...signed({}), sequence: 4 } }],
    [
      'as a rollback under a newer sequence',
      { order: 'rollback' },
      { newest: { ...signed({}), sequence: 4 } },
    ],
    ['as the way back to the operator’s own file', { order: 'rollback', files: [] }, {}],
    ['again', {}, { newest: signed({}) }],
    ['again after it has expired', {}, { newest: signed({}), now: now + 86_400_000 }],
  ])('%s', (_, changes, known) => {
    expect(refuseBundle(signed(changes), { ...facts, ...known })).toBeNull();
  });
});

describe('a bundle is refused', () => {
  test.each<readonly [string, Partial<UnsignedBundle>, Partial<BundleFacts>, string]>([
    ['of another project', { project: 'other' }, {}, 'wrong-project'],
    ['without files that is to be applied', { files: [] }, {}, 'path-not-allowed'],
    ['of another environment', { environment: 'staging' }, {}, 'wrong-project'],
    ['for another proxy', { proxy: 'edge-2' }, {}, 'wrong-proxy'],
    ['before its time', { notBefore: '2026-11-22T12:00:00.001Z' }, {}, 'not-yet-valid'],
    ['after its time', { expiresAt: '2026-11-22T12:00:00.000Z' }, {}, 'expired'],
    ['older than one seen', {}, { newest: { ...signed({}), sequence: 6 } }, 'older-sequence'],
    [
      'older, even as a rollback',
      { order: 'rollback' },
      { newest: { ...signed({}), sequence: 6 } },
      'older-sequence',
    ],
    [
      'with a sequence of other files',
      {},
      { newest: { ...signed({}), hash: sha256('x') } },
      'sequence-reused',
    ],
    [
      'with a sequence of another revision',
      {},
      { newest: { ...signed({}), revision: sha256('x') } },
      'sequence-reused',
    ],
    ['with a sequence of another order', { order: 'rollback' }, { newest: signed({}) }, 'sequence-reused'],
    ['below the floor', {}, { floor: 6 }, 'older-sequence'],
    ['without files', { files: [] }, {}, 'path-not-allowed'],
    ['with a second file', { files: [file('base.cfg', 'a'), file('more.map', 'b')] }, {}, 'path-not-allowed'],
    [
      'with base.cfg twice',
      { files: [file('base.cfg', 'a'), file('base.cfg', 'b')] },
      {},
      'path-not-allowed',
    ],
    ['out of its folder', { files: [file('../base.cfg', 'a')] }, {}, 'path-not-allowed'],
    ['with an absolute path', { files: [file('/etc/base.cfg', 'a')] }, {}, 'path-not-allowed'],
    ['with a path of tricks', { files: [file('./base.cfg', 'a')] }, {}, 'path-not-allowed'],
    [
      'whose file is another text',
      { files: [{ ...file('base.cfg', 'a'), content: 'b' }] },
      {},
      'hash-mismatch',
    ],
    ['by nobody that is trusted', {}, { verify: () => null }, 'unknown-key'],
  ])('%s', (_, changes, known, refusal) => {
    expect(refuseBundle(signed(changes), { ...facts, ...known })).toMatchObject({ refusal });
  });

  test.each(Object.keys(signed({ drift: 'report' })).filter((key) => key !== 'signature'))(
    'when %s is changed after the signature',
    (key) => {
      const bundle = signed({ drift: 'report' });
      const changed = {
        ...bundle,
        [key]: key === 'keyId' ? bundle.keyId : 'changed',
        extra: key === 'keyId',
      };

      expect(refuseBundle(changed, facts)).toMatchObject({ refusal: 'bad-signature' });
    },
  );

  test('when its hash is signed but not that of its files', () => {
    const body = { ...signed({}), hash: sha256('x') };
    const lenient = { ...facts, verify: () => true };

    expect(refuseBundle(body, lenient)).toMatchObject({ refusal: 'hash-mismatch' });
  });
});

test('the hash of files depends on names, texts and order', () => {
  const one = file('a', '1');
  const two = file('b', '2');

  const hashes = [[one], [two], [one, two], [two, one], []].map((files) => filesHash(sha256, files));

  expect(new Set(hashes).size).toBe(hashes.length);
});

function signed(changes: Partial<UnsignedBundle>): ConfigBundle {
  return signBundle(sha256, signer, { ...plain, ...changes });
}

function file(path: string, content: string) {
  return { path, content, sha256: sha256(content) };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
