import { compareReleases } from './releases.ts';

/** When, in milliseconds since 1970, and in which release where it is known. */
export interface ReleasedAt {
  readonly release: string | null;
  readonly atMs: number;
}

export interface Regression {
  readonly reopens: boolean;
  /** For people. */
  readonly because: string;
}

/**
 * Whether an event re-opens a cluster that is fixed: from the release that fixed it or a newer one it does, from an older one it never
 * does, however late it comes. Where releases have no order, or are not known, the event must have happened after the fix.
 */
export function regressionOf(fixed: ReleasedAt, event: ReleasedAt): Regression {
  if (fixed.release !== null && event.release !== null) {
    const order = compareReleases(event.release, fixed.release);
    const pair = `release ${event.release}, fixed in ${fixed.release}`;
    switch (order) {
      case 'older':
        return { reopens: false, because: `seen in the older ${pair}` };
      case 'equal':
        return { reopens: true, because: `seen again in ${pair}` };
      case 'newer':
        return { reopens: true, because: `seen in the newer ${pair}` };
      case 'unknown':
        return byTime(fixed, event, `the order of ${event.release} and ${fixed.release} is not known`);
    }
  }
  return byTime(fixed, event, 'not both releases are known');
}

function byTime(fixed: ReleasedAt, event: ReleasedAt, why: string): Regression {
  const isAfter = event.atMs > fixed.atMs;
  return { reopens: isAfter, because: `${why}; seen ${isAfter ? 'after' : 'before'} it was fixed` };
}
