/** Milliseconds since the start at which requests leave, without an end. */
export function* arrivalTimes(options: {
  ratePerSecond: number;
  arrivals?: 'constant' | 'poisson';
  seed?: number;
}): Generator<number, never> {
  const gapMs = 1000 / options.ratePerSecond;
  const random = options.arrivals === 'poisson' ? seededRandom(options.seed ?? 1) : null;
  let at = 0;
  for (let index = 1; ; index += 1) {
    yield at;
    // Gaps between independent arrivals are exponential; even ones are multiplied, so that they do not drift.
    at = random === null ? index * gapMs : at - Math.log(1 - random()) * gapMs;
  }
}

/** mulberry32: uniform in [0, 1), the same for the same seed. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
