import fc from 'fast-check';
import { expect, test } from 'vitest';
import { safeServers, stableWeight } from '../../domain/safe-split.ts';

const servers = fc.array(
  fc.record({ version: fc.constantFrom('v1', 'v2', 'v3'), weight: fc.integer({ min: 0, max: 256 }) }),
);

test('with a stable version it gets everything and nobody else anything', () => {
  fc.assert(
    fc.property(servers, (split) => {
      const safe = safeServers(split, 'v1', 'v2');

      expect(safe.map((server) => server.weight)).toEqual(
        split.map((server) => (server.version === 'v1' ? stableWeight : 0)),
      );
    }),
  );
});

test('without a stable version only the canary is taken off', () => {
  const split = [
    { version: 'v2', weight: 100 },
    { version: 'v3', weight: 7 },
  ];

  expect(safeServers(split, null, 'v2').map((server) => server.weight)).toEqual([0, 7]);
});

test('making a safe split safe changes nothing', () => {
  fc.assert(
    fc.property(servers, fc.constantFrom('v1', null), (split, stable) => {
      const safe = safeServers(split, stable, 'v2');

      expect(safeServers(safe, stable, 'v2')).toEqual(safe);
    }),
  );
});
