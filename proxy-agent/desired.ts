import type { DesiredBackend } from '../contracts/proxy.ts';
import type { BackendState, KeptTrip, LocalStop } from './effective.ts';

export type Acceptance =
  | { readonly kind: 'known' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'new'; readonly state: BackendState };

/** Whether a desired state of one backend replaces the kept one: never an older token, and under a local stop no other stable version. `now` is in Unix milliseconds. */
export function acceptDesired(
  kept: BackendState | undefined,
  offered: DesiredBackend,
  stop: LocalStop | null,
  now: number,
): Acceptance {
  const { backend, token, servers, stable, canary, leaseMs } = offered;
  if (kept && token < kept.desired.token) {
    const why = `token ${token} is older than ${kept.desired.token}, which was seen before; it is never applied`;
    return { kind: 'refused', why };
  }
  if (kept && token === kept.desired.token) return { kind: 'known' };
  if (kept && stop && kept.managed && stable !== kept.desired.stable) {
    return {
      kind: 'refused',
      why: `a local stop keeps ${kept.desired.stable ?? 'nothing'} as the stable version`,
    };
  }
  const state: BackendState = {
    desired: { backend, token, servers, stable, canary },
    trip: openTrip(kept?.trip ?? null, token),
    managed: servers.length > 0 || (kept?.managed ?? false),
    leaseUntil: leaseMs === null ? null : now + leaseMs,
  };
  return { kind: 'new', state };
}

/** A trip is over once the API knows of it and has answered with a newer token. */
export function openTrip(trip: KeptTrip | null, token: number): KeptTrip | null {
  return trip && trip.acknowledged && trip.token < token ? null : trip;
}
