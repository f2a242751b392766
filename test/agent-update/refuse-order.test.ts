import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import type { AgentOrder, AgentOrderRefusal } from '../../contracts/agent-update.ts';
import { signAgentOrder, type UnsignedOrder } from '../../domain/agent-update/order-text.ts';
import { refuseAgentOrder, refuseRelease, type OrderFacts } from '../../domain/agent-update/refuse-order.ts';
import { isAgentOrder } from '../../proxy-agent/agent-update/order-shape.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signer = {
  keyId: '0123456789abcdef',
  sign: (text: string) => sign(null, Buffer.from(text), privateKey).toString('base64'),
};
const content = 'a release';
const sha256 = createHash('sha256').update(content).digest('hex');
const plain: UnsignedOrder = {
  ...{ project: 'shop', proxy: 'edge-1', sequence: 5, version: '0.3.0', sha256, size: content.length },
  ...{ notBefore: '2026-11-22T11:00:00.000Z', expiresAt: '2026-11-22T13:00:00.000Z' },
};
const facts: OrderFacts = {
  ...{ project: 'shop', proxy: 'edge-1', highest: 4, longest: 100, parseTime: Date.parse },
  now: Date.parse('2026-11-22T12:00:00Z'),
  verify: (keyId, text, signature) =>
    keyId === signer.keyId
      ? verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64'))
      : null,
};

function signed(changes: Partial<UnsignedOrder>): AgentOrder {
  return signAgentOrder(signer, { ...plain, ...changes });
}

test('an order is taken, and taken again', () => {
  expect(isAgentOrder(signed({}))).toBe(true);
  expect(refuseAgentOrder(signed({}), facts)).toBeNull();
  expect(refuseAgentOrder(signed({}), { ...facts, highest: 5 })).toBeNull();
  expect(refuseRelease(plain, { size: content.length, sha256 })).toBeNull();
});

test.each<[AgentOrderRefusal, Partial<UnsignedOrder>, Partial<OrderFacts>]>([
  ['unknown-key', {}, { verify: () => null }],
  ['wrong-project', { project: 'other' }, {}],
  ['wrong-proxy', { proxy: 'edge-2' }, {}],
  ['too-large', { size: 101 }, {}],
  ['older-sequence', { sequence: 3 }, {}],
  ['not-yet-valid', { notBefore: '2026-11-22T12:30:00.000Z' }, {}],
  ['expired', { expiresAt: '2026-11-22T12:00:00.000Z' }, {}],
])('%s', (refusal, changes, more) => {
  expect(refuseAgentOrder(signed(changes), { ...facts, ...more })?.refusal).toBe(refusal);
});

test('whatever is changed after it was signed is a bad signature, whatever else is wrong with it', () => {
  const changes: Partial<AgentOrder>[] = [
    ...[{ project: 'other' }, { proxy: 'edge-2' }, { sequence: 1 }, { version: '9' }, { size: 1 }],
    ...[{ sha256: 'b'.repeat(64) }, { notBefore: plain.expiresAt }, { expiresAt: plain.notBefore }],
    { signature: '' },
  ];
  for (const change of changes)
    expect(refuseAgentOrder({ ...signed({}), ...change }, facts)?.refusal).toBe('bad-signature');
});

test('bytes that are not those of the order are told apart by size and hash', () => {
  expect(refuseRelease(plain, { size: 1, sha256 })?.refusal).toBe('size-mismatch');
  expect(refuseRelease(plain, { size: plain.size, sha256: 'b'.repeat(64) })?.refusal).toBe('hash-mismatch');
});

test.each<[string, object]>([
  ['a path for a hash', { sha256: '../../etc/passwd' }],
  ['no sequence', { sequence: 0 }],
  ['a time that is none', { expiresAt: 'soon' }],
  ['no signature', { signature: null }],
])('%s is not the shape of an order', (_, change) => {
  expect(isAgentOrder({ ...signed({}), ...change })).toBe(false);
});
