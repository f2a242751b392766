import type { DotKernel } from './similarity-join.ts';
import { dot, rowOf, type VectorSet } from './vectors.ts';

const tile = 64;

/** The kernel that needs nothing but the language: full precision, for small sets and to hold faster ones against. */
export function plainKernel(vectors: VectorSet): DotKernel {
  const products = new Float64Array(tile * tile);
  return {
    tile,
    error: 0,
    dots(left, right) {
      for (let i = 0; i < Math.min(tile, vectors.count - left); i += 1) {
        const row = rowOf(vectors, left + i);
        for (let j = 0; j < Math.min(tile, vectors.count - right); j += 1)
          products[i * tile + j] = dot(row, rowOf(vectors, right + j));
      }
      return products;
    },
  };
}
