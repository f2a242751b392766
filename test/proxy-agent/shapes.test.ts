import { describe, expect, test } from 'vitest';
import { Check } from 'typebox/value';
import { ConfigBundle } from '../../contracts/config-bundle.ts';
import { DesiredState, ProxyReportAnswer } from '../../contracts/proxy.ts';
import { isConfigBundle } from '../../proxy-agent/config-bundle/bundle-shape.ts';
import { isDesiredState, isReportAnswer } from '../../proxy-agent/shapes.ts';

const server = { name: 'v1-0', version: 'v1', address: '127.0.0.1:1', weight: 100, healthPath: '/' };
const backend = { backend: 'shop', token: 1, servers: [server], stable: 'v1', canary: null, leaseMs: null };
const desired = { revision: 1, backends: [backend] };
const answer = {
  revision: 1,
  leases: [{ backend: 'shop', token: 1, remainingMs: 5 }],
  acknowledgedTrips: [{ backend: 'shop', token: 1 }],
};

const file = { path: 'base.cfg', content: 'global', sha256: 'a'.repeat(64) };
const bundle = {
  project: 'shop',
  environment: 'production',
  proxy: null,
  revision: 'a'.repeat(64),
  sequence: 1,
  order: 'apply',
  notBefore: '2026-11-22T11:00:00.000Z',
  expiresAt: '2026-11-22T13:00:00.000Z',
  files: [file],
  hash: 'b'.repeat(64),
  keyId: '0123456789abcdef',
  signature: 'aGk=',
};

describe('the checks by hand agree with the contract', () => {
  test.each<readonly [string, unknown]>([
    ['a desired state', desired],
    ['no backends', { revision: 1, backends: [] }],
    ['null', null],
    ['a text', 'x'],
    ['a list', [desired]],
    ...broken(desired),
    ...broken(backend).map(([name, one]) => [name, { revision: 1, backends: [one] }] as const),
    ...broken(server).map(
      ([name, one]) => [name, { revision: 1, backends: [{ ...backend, servers: [one] }] }] as const,
    ),
    ['a weight over 256', { revision: 1, backends: [{ ...backend, servers: [{ ...server, weight: 257 }] }] }],
    [
      'a name with a space',
      { revision: 1, backends: [{ ...backend, servers: [{ ...server, name: 'a b' }] }] },
    ],
  ])('desired state: %s', (_, value) => {
    expect(isDesiredState(value)).toBe(Check(DesiredState, value));
  });

  test.each<readonly [string, unknown]>([['an answer', answer], ['null', null], ...broken(answer)])(
    'answer to a report: %s',
    (_, value) => {
      expect(isReportAnswer(value)).toBe(Check(ProxyReportAnswer, value));
    },
  );

  test.each<readonly [string, unknown]>([
    ['a bundle', bundle],
    ['a bundle for one proxy', { ...bundle, proxy: 'edge-1', drift: 'revert', order: 'rollback' }],
    ['null', null],
    ...broken(bundle),
    ...broken(file).map(([name, one]) => [name, { ...bundle, files: [one] }] as const),
    ...Object.keys(bundle).map((key) => [`${key} as another text`, { ...bundle, [key]: 'a b' }] as const),
    ['sequence 0', { ...bundle, sequence: 0 }],
    ['an unknown policy', { ...bundle, drift: 'ignore' }],
  ])('bundle: %s', (_, value) => {
    expect(isConfigBundle(value)).toBe(Check(ConfigBundle, value));
  });
});

/** Each field left out, and each of a wrong type. */
function broken(value: Readonly<Record<string, unknown>>): (readonly [string, unknown])[] {
  return Object.keys(value).flatMap((key) => [
    [`without ${key}`, Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))] as const,
    [`${key} as a truth value`, { ...value, [key]: true }] as const,
    [`${key} as a fraction`, { ...value, [key]: 1.5 }] as const,
  ]);
}
