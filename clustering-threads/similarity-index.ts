import { OpsError } from '../domain/errors.ts';
import { onGrid } from '../domain/feedback-clustering/grid.ts';
import { bytesPerStep, scanModule } from './scan-code.ts';
import { pageBytes, wasmInstance } from './wasm-instance.ts';

/** Finds the rows that are similar to a vector, without comparing all of them in full: for one new item among many. */
export interface SimilarityIndex {
  /** Rows so far; the next one gets this number. */
  readonly count: number;
  add(vector: Float32Array): void;
  /** Every row at least as similar as the threshold, ascending. `exact` gives the cosine of a row that may be. */
  similarTo(vector: Float32Array, threshold: number, exact: (row: number) => number): number[];
}

/** A unit vector in whole numbers. */
interface Rounded {
  readonly values: Int16Array;
  readonly scale: number;
  /** Length of what rounding left out. */
  readonly error: number;
}

const most = 127;
/** Where the query and the products stand before the rows. */
const headRows = 4096;

/**
 * Keeps each row in one byte a value and knows how far off that is, so that a row is passed over only when it cannot be similar enough:
 * nothing is missed. Takes as many bytes as values, and reads all of them for each question.
 */
export function similarityIndex(dimensions: number): SimilarityIndex {
  const { memory, run } = wasmInstance(scanModule());
  const stride = Math.ceil(dimensions / bytesPerStep) * bytesPerStep;
  const productsAt = 2 * stride;
  const rowsAt = productsAt + 4 * headRows;
  // Products of all values of a row must fit into 31 bits.
  const finest = Math.min(32_767, Math.floor((2 ** 31 - 1) / (most * stride)));
  const scales: number[] = [];
  const errors: number[] = [];
  const makeRoom = (bytes: number) => {
    const missing = bytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(Math.max(missing, bytes / 8) / pageBytes));
  };
  return {
    get count() {
      return scales.length;
    },
    add(vector) {
      const { values, scale, error } = rounded(checked(vector, dimensions), most);
      const at = rowsAt + scales.length * stride;
      makeRoom(at + stride);
      new Int8Array(memory.buffer, at, dimensions).set(values);
      scales.push(scale);
      errors.push(error);
    },
    similarTo(vector, threshold, exact) {
      const query = rounded(checked(vector, dimensions), finest);
      makeRoom(rowsAt);
      new Int16Array(memory.buffer, 0, stride).fill(0).set(query.values);
      const products = new Int32Array(memory.buffer, productsAt, headRows);
      const found: number[] = [];
      for (let first = 0; first < scales.length; first += headRows) {
        const end = Math.min(first + headRows, scales.length);
        run(0, rowsAt + first * stride, rowsAt + end * stride, stride, productsAt);
        for (let row = first; row < end; row += 1) {
          const error = errors[row] ?? 0;
          const rough = (products[row - first] ?? 0) * (scales[row] ?? 0) * query.scale;
          if (rough + error + (1 + error) * query.error + 1e-9 < threshold) continue;
          if (onGrid(exact(row)) >= onGrid(threshold)) found.push(row);
        }
      }
      return found;
    },
  };
}

function checked(vector: Float32Array, dimensions: number): Float32Array {
  if (vector.length === dimensions) return vector;
  throw new OpsError(
    'invalid-input',
    `the vector has ${vector.length} values: give one of ${dimensions} like the others`,
  );
}

function rounded(vector: Float32Array, largest: number): Rounded {
  let [squares, peak] = [0, 0];
  for (const value of vector) {
    squares += value * value;
    peak = Math.max(peak, Math.abs(value));
  }
  if (squares === 0) return { values: new Int16Array(vector.length), scale: 0, error: 0 };
  const inverse = 1 / Math.sqrt(squares);
  const scale = (peak * inverse) / largest;
  const values = Int16Array.from(vector, (value) => Math.round((value * inverse) / scale));
  let off = 0;
  for (const [k, value] of values.entries()) off += ((vector[k] ?? 0) * inverse - value * scale) ** 2;
  return { values, scale, error: Math.sqrt(off) };
}
