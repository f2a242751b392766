import { type EmbeddingOutcome, failed } from './embedding.ts';

/** What a service gave for a text, brought to the length 1. What cannot be compared later is a failure now. */
export function outcomeOf(values: unknown, dimensions: number): EmbeddingOutcome {
  if (!Array.isArray(values)) return failed('the service gave no vector for it', true);
  if (values.length !== dimensions)
    return failed(
      `the vector has ${values.length} values and not ${dimensions}; set HOLDFAST_EMBEDDING_DIMENSIONS to what the model gives`,
      true,
    );
  const numbers = values as readonly unknown[];
  if (!numbers.every((value) => typeof value === 'number' && Number.isFinite(value)))
    return failed('the vector holds what is no finite number', true);
  const length = Math.hypot(...(numbers as readonly number[]));
  if (!(length > 0 && Number.isFinite(length))) return failed('the vector is all zeros or too long', true);
  return {
    kind: 'vector',
    vector: Float32Array.from(numbers as readonly number[], (value) => value / length),
  };
}
