import { expect, test } from 'vitest';
import {
  type UpMigration,
  upgradeDocument,
  upMigrations,
} from '../../../domain/config-document/schema-versions.ts';
import { shop } from '../documents.ts';

/** Made up: 1 had a port beside the name, 2 a list of ports, 3 objects. */
const chain: readonly UpMigration[] = [
  {
    from: 2,
    about: 'ports are objects',
    up: ({ ports, ...rest }) => ({ ...rest, binds: (ports as number[]).map((port) => ({ port })) }),
  },
  { from: 1, about: 'a frontend has several ports', up: ({ port, ...rest }) => ({ ...rest, ports: [port] }) },
];

test('a document is brought up step by step from any version', () => {
  const steps = ['a frontend has several ports', 'ports are objects'];
  const document = { schemaVersion: 3, name: 'a', binds: [{ port: 80 }] };

  expect(upgradeDocument({ schemaVersion: 1, name: 'a', port: 80 }, chain, 3)).toEqual({ document, steps });
  expect(upgradeDocument({ schemaVersion: 2, name: 'a', ports: [80] }, chain, 3)).toEqual({
    document,
    steps: steps.slice(1),
  });
  expect(upgradeDocument(document, chain, 3)).toEqual({ document, steps: [] });
});

test.each([
  [{}, /schemaVersion is missing.*write schemaVersion: 3/],
  [{ schemaVersion: '1' }, /no version/],
  [{ schemaVersion: 0 }, /no version/],
  [{ schemaVersion: 1.5 }, /no version/],
  [{ schemaVersion: 4 }, /newer than 3.*upgrade Holdfast/],
])('%j is refused', (document, message) => {
  expect(() => upgradeDocument(document, chain, 3)).toThrow(message);
});

test('a chain with a gap is a fault, not a silent jump', () => {
  expect(() => upgradeDocument({ schemaVersion: 1 }, chain.slice(0, 1), 3)).toThrow(
    'from schemaVersion 1 to 2',
  );
});

test('today’s documents need no step, and the chain leads to them', () => {
  expect(upgradeDocument({ ...shop })).toEqual({ document: shop, steps: [] });
  expect(upMigrations.map(({ from }) => from)).toEqual([]);
});
