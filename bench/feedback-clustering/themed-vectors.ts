import { numbersFrom } from './random-numbers.ts';

/** Rows of length 1 around themes of about 50 items, some of them tight and some loose, written into `values`. */
export function fillThemed(values: Float32Array, dimensions: number, seed: number): void {
  const next = numbersFrom(seed);
  // Close enough to a normal distribution, and fast: the sum of four.
  const normal = () => (next() + next() + next() + next() - 2) * Math.sqrt(3);
  const count = values.length / dimensions;
  const themes = Math.max(1, Math.round(count / 50));
  const centres = new Float32Array(themes * dimensions).map(normal);
  for (let row = 0; row < count; row += 1) {
    const theme = Math.floor(next() * themes) * dimensions;
    const noise = 0.4 + next() * 0.5;
    let squares = 0;
    for (let k = 0; k < dimensions; k += 1) {
      const value = (centres[theme + k] ?? 0) + noise * normal();
      values[row * dimensions + k] = value;
      squares += value * value;
    }
    const length = Math.sqrt(squares);
    for (let at = row * dimensions; at < (row + 1) * dimensions; at += 1)
      values[at] = (values[at] ?? 0) / length;
  }
}
