import { renameSync, writeFileSync } from 'node:fs';
import { isStoredLeases } from './shapes.ts';
import { readJson, type AgentState } from './state.ts';

export interface Leases {
  /** What is left in milliseconds, 0 once it is gone, null when none was given for this token. */
  left(backend: string, token: number): number | null;
  /** Sets when the lease ends, on the agent's own clock. A lease that has run out stays gone. */
  extend(backend: string, token: number, endsAt: number): void;
  stop(): void;
}

interface Lease {
  readonly token: number;
  readonly endsAt: number;
  readonly timers: readonly NodeJS.Timeout[];
}

/** No operation asks for more; it bounds what a wrong wall clock can do at a restart. */
const longestMs = 24 * 3600_000;

/**
 * Runs leases on the monotonic clock and calls `onGone` within a few milliseconds of an end. Halfway there it calls `onHalf`, so that
 * a lease shorter than two reports is asked for in time.
 */
export function createLeases(
  path: string,
  states: AgentState,
  onGone: () => void,
  onHalf: () => void,
): Leases {
  const leases = new Map<string, Lease>();

  function set(backend: string, token: number, endsAt: number): void {
    clearTimers(leases.get(backend));
    const leftMs = Math.min(longestMs, Math.max(0, endsAt - performance.now()));
    const timers = [setTimeout(onGone, leftMs + 1), setTimeout(onHalf, leftMs / 2)];
    leases.set(backend, { token, endsAt: performance.now() + leftMs, timers });
  }

  const renewed = readStored(path);
  for (const [backend, { desired, leaseUntil }] of Object.entries(states)) {
    const { token } = desired;
    const until = renewed[backend]?.token === token ? renewed[backend].until : leaseUntil;
    if (until !== null) set(backend, token, performance.now() + (until - Date.now()));
  }
  return {
    left(backend, token) {
      const lease = leases.get(backend);
      return lease?.token === token ? Math.max(0, lease.endsAt - performance.now()) : null;
    },
    extend(backend, token, endsAt) {
      const lease = leases.get(backend);
      if (lease?.token === token && lease.endsAt <= performance.now()) return;
      if (lease && lease.token > token) return;
      set(backend, token, endsAt);
      try {
        store(path, leases);
      } catch {
        // With a full disk it only ends sooner after a restart; the leases of others are extended all the same.
      }
    },
    stop() {
      for (const lease of leases.values()) clearTimers(lease);
    },
  };
}

function clearTimers(lease: Lease | undefined): void {
  for (const timer of lease?.timers ?? []) clearTimeout(timer);
}

type Stored = Readonly<Record<string, { readonly token: number; readonly until: number }>>;

/** By the wall clock, the only one that goes on over a restart. What cannot be read is no renewal. */
function readStored(path: string): Stored {
  const { value } = readJson(path);
  return isStoredLeases(value) ? value : {};
}

/** Once a second and not flushed: after a power cut an older lease only ends sooner. */
function store(path: string, leases: ReadonlyMap<string, Lease>): void {
  const now = performance.now();
  const stored = [...leases].map(([backend, { token, endsAt }]) => [
    backend,
    { token, until: Math.round(Date.now() + endsAt - now) },
  ]);
  writeFileSync(`${path}.new`, JSON.stringify(Object.fromEntries(stored)), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
