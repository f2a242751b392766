import type { ServerSample } from '../contracts/proxy.ts';

export interface SampleBuffer {
  add(samples: readonly ServerSample[]): void;
  /** The oldest, at most as many as one report takes. */
  next(): readonly ServerSample[];
  /** Forgets those that a report has delivered. */
  delivered(samples: readonly ServerSample[]): void;
  /** Forgets those that nobody will take; they count as dropped. */
  letGo(samples: readonly ServerSample[]): void;
  readonly size: number;
  /** Thrown away since the start, because nobody took them in time. */
  readonly dropped: number;
}

/** At about 400 bytes each a report stays far under the API's limit of 1 MiB. */
const perReport = 300;
const keptSeconds = 600;
const mostKept = 20_000;

/** Keeps samples while the API is away, for 10 minutes; what it must let go it counts. */
export function createSampleBuffer(): SampleBuffer {
  let kept: ServerSample[] = [];
  let dropped = 0;

  function remove(samples: readonly ServerSample[]): void {
    const gone = new Set(samples);
    kept = kept.filter((sample) => !gone.has(sample));
  }

  return {
    add(samples) {
      kept.push(...samples);
      const oldest = (samples[0]?.second ?? 0) - keptSeconds;
      const fresh = kept.filter((sample) => sample.second >= oldest).slice(-mostKept);
      dropped += kept.length - fresh.length;
      kept = fresh;
    },
    next: () => kept.slice(0, perReport),
    delivered: remove,
    letGo(samples) {
      remove(samples);
      dropped += samples.length;
    },
    get size() {
      return kept.length;
    },
    get dropped() {
      return dropped;
    },
  };
}
