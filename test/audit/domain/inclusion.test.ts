import { hash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inclusionPaths } from '../../../domain/audit/inclusion.ts';
import { inclusionPath } from '../../../domain/audit/merkle.ts';

const sha256 = (data: Uint8Array): Uint8Array => hash('sha256', data, 'buffer');

test('paths that are made together are those that are made alone', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), fc.array(fc.nat(), { maxLength: 10 }), (size, picks) => {
      const leaves = Array.from({ length: size }, (_, index) => sha256(Uint8Array.of(index)));
      const indices = picks.map((pick) => pick % size);
      expect(inclusionPaths(sha256, leaves, indices)).toEqual(
        indices.map((index) => inclusionPath(sha256, leaves, index)),
      );
    }),
  );
});
