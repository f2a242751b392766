import { OpsError } from '../errors.ts';

/** Rows of 32-bit floats as they are stored, one for each item, with the inverse length of each in full precision. */
export interface VectorSet {
  readonly count: number;
  readonly dimensions: number;
  /** `count` rows of `dimensions` values, one after the other. */
  readonly values: Float32Array;
  /** 1 / length of each row; 0 for a row of zeros, which is like nothing, not even itself. */
  readonly inverseLengths: Float64Array;
}

/** Lengths that 32-bit sums of products can take without overflow or loss. */
const shortest = 1e-6;
const longest = 1e6;

/** Checks the values and measures each row. The values are kept, not copied. Throws `invalid-input` that names the row. */
export function vectorSet(values: Float32Array, dimensions: number): VectorSet {
  if (!Number.isInteger(dimensions) || dimensions < 1)
    throw new OpsError('invalid-input', `dimensions is ${dimensions}: give a whole number of at least 1`);
  if (values.length % dimensions !== 0)
    throw new OpsError(
      'invalid-input',
      `vectors holds ${values.length} values, which is no whole number of rows of ${dimensions}: check the dimensions`,
    );
  const count = values.length / dimensions;
  const inverseLengths = new Float64Array(count);
  for (let row = 0; row < count; row += 1) inverseLengths[row] = inverseLength(values, row, dimensions);
  return { count, dimensions, values, inverseLengths };
}

export function rowOf(vectors: VectorSet, row: number): Float32Array {
  return vectors.values.subarray(row * vectors.dimensions, (row + 1) * vectors.dimensions);
}

/** The same value whichever of the two rows comes first, and whatever else is in the set. */
export function cosine(vectors: VectorSet, a: number, b: number): number {
  const { values, dimensions, inverseLengths } = vectors;
  let sum = 0;
  const [atA, atB] = [a * dimensions, b * dimensions];
  for (let k = 0; k < dimensions; k += 1) sum += (values[atA + k] ?? 0) * (values[atB + k] ?? 0);
  return sum * ((inverseLengths[a] ?? 0) * (inverseLengths[b] ?? 0));
}

export function dot(a: Float32Array | Float64Array, b: Float32Array | Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k += 1) sum += (a[k] ?? 0) * (b[k] ?? 0);
  return sum;
}

function inverseLength(values: Float32Array, row: number, dimensions: number): number {
  let squares = 0;
  for (let at = row * dimensions; at < (row + 1) * dimensions; at += 1) squares += (values[at] ?? 0) ** 2;
  if (squares === 0) return 0;
  const length = Math.sqrt(squares);
  if (length >= shortest && length <= longest) return 1 / length;
  throw new OpsError(
    'invalid-input',
    `vectors: row ${row} has the length ${length}: give finite values with a length of ${shortest} to ${longest}, best 1`,
    { row },
  );
}
