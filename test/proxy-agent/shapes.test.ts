import { describe, expect, test } from 'vitest';
import { Check } from 'typebox/value';
import { DesiredState, ProxyReportAnswer } from '../../contracts/proxy.ts';
import { isDesiredState, isReportAnswer } from '../../proxy-agent/shapes.ts';

const server = { name: 'v1-0', version: 'v1', address: '127.0.0.1:1', weight: 100, healthPath: '/' };
const backend = { backend: 'shop', token: 1, servers: [server], stable: 'v1', canary: null, leaseMs: null };
const desired = { revision: 1, backends: [backend] };
const answer = {
  revision: 1,
  leases: [{ backend: 'shop', token: 1, remainingMs: 5 }],
  acknowledgedTrips: [{ backend: 'shop', token: 1 }],
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
});

/** Each field left out, and each of a wrong type. */
function broken(value: Readonly<Record<string, unknown>>): (readonly [string, unknown])[] {
  return Object.keys(value).flatMap((key) => [
    [`without ${key}`, Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))] as const,
    [`${key} as a truth value`, { ...value, [key]: true }] as const,
    [`${key} as a fraction`, { ...value, [key]: 1.5 }] as const,
  ]);
}
