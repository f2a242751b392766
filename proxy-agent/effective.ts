import type { DesiredBackend, DesiredServer, Trip } from '../contracts/proxy.ts';
import { safeServers } from '../domain/safe-split.ts';

/** The desired state of one backend as the agent keeps it: the lease is kept apart, because it runs. */
export type KeptDesired = Omit<DesiredBackend, 'leaseMs'>;

export interface KeptTrip extends Trip {
  /** The API knows of it. */
  readonly acknowledged: boolean;
}

export interface BackendState {
  /** The newest that was ever accepted; its token is the highest one seen. */
  readonly desired: KeptDesired;
  readonly trip: KeptTrip | null;
  /** Has had servers of ours: from then on an empty list means none, and before it means hands off. */
  readonly managed: boolean;
  /** When the lease of the token ended as it was accepted, in Unix milliseconds; later renewals are in the file of leases. */
  readonly leaseUntil: number | null;
}

export interface LocalStop {
  readonly reason: string;
  readonly by: string;
  readonly at: string;
}

export interface Facts {
  readonly stop: LocalStop | null;
  /** What is left of the lease; null when none was ever given. */
  readonly leaseLeftMs: number | null;
}

export interface Effective {
  readonly servers: readonly DesiredServer[];
  /** Why this is not what was asked for, or null. */
  readonly held: string | null;
  /** What the agent does on its own now and has to tell. */
  readonly trip: Pick<Trip, 'cause' | 'reason'> | null;
}

/** What may be applied now: the desired servers, or the safe ones while a stop, a trip or a lost lease stands against them. */
export function effectiveServers(state: BackendState, facts: Facts): Effective {
  const { desired, trip } = state;
  const onTrial = desired.canary !== null;
  const isTripped = trip !== null && (!trip.acknowledged || trip.token >= desired.token);
  const leaseIsLost = onTrial && (facts.leaseLeftMs ?? 0) <= 0;
  if (facts.stop) {
    const reason = `local stop by ${facts.stop.by}: ${facts.stop.reason}`;
    return { ...safe(desired, reason), trip: onTrial && !isTripped ? { cause: 'local-stop', reason } : null };
  }
  if (isTripped) return { ...safe(desired, `${trip.cause}: ${trip.reason}`), trip: null };
  if (leaseIsLost) {
    const reason = 'nobody renewed the lease of the canary';
    return { ...safe(desired, `lease-lost: ${reason}`), trip: { cause: 'lease-lost', reason } };
  }
  return { servers: desired.servers, held: null, trip: null };
}

function safe(desired: KeptDesired, why: string): Pick<Effective, 'servers' | 'held'> {
  const servers = safeServers(desired.servers, desired.stable, desired.canary);
  const differs = servers.some((server, index) => server.weight !== desired.servers[index]?.weight);
  return { servers, held: differs || desired.canary !== null ? why : null };
}
