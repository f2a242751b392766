/** Lengths of windows, each a whole number of the one before. */
export const windowSizes = ['10s', '1m', '5m', '1h'] as const;
export type WindowSize = (typeof windowSizes)[number];

export const sizeMs: Readonly<Record<WindowSize, number>> = {
  '10s': 10_000,
  '1m': 60_000,
  '5m': 300_000,
  '1h': 3_600_000,
};

/** Beginning of the window that a time is in; both in milliseconds since 1970. */
export function windowStart(atMs: number, size: WindowSize): number {
  return Math.floor(atMs / sizeMs[size]) * sizeMs[size];
}
