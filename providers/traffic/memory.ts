import { setTimeout as sleep } from 'node:timers/promises';
import type { VersionBucket } from '../../contracts/proxy.ts';
import { OpsError, type ErrorCode } from '../../domain/errors.ts';
import { splitFault } from './split-fault.ts';
import type { Split, Traffic, TrafficState, TrafficTarget } from './traffic.ts';

/** Counters of one version in one second, given the percent of requests its weight stands for. */
export type CounterSource = (
  version: string,
  second: number,
  percent: number,
) => Pick<VersionBucket, 'requests' | 'errors' | 'latency'>;

/** What a test may do to the simulated proxy. */
export interface MemoryTraffic extends Traffic {
  /** An emergency stop of a service; null lifts it. */
  stop(target: TrafficTarget, reason: string | null): void;
  /** Takes the canary off as the agent would. */
  trip(target: TrafficTarget, cause: string, reason: string): void;
  /** From now on the proxy's agent is silent, or heard again. */
  silence(isSilent: boolean): void;
  /** From now on requests do not follow, and `verify` ends with this note; null: they follow. */
  refuseToFollow(note: string | null): void;
  count(source: CounterSource): void;
}

interface Row {
  token: number;
  owner: string | null;
  split: Split;
  changeId: string | null;
  leaseEndsAt: number;
  stopped: string | null;
  tripped: TrafficState['tripped'];
  readonly past: { readonly from: number; readonly split: Split }[];
}

const nothing: Split = { servers: [], stable: null, canary: null, leaseMs: null };

/** The twin: one proxy in memory that follows at once. `balances` names its backends and how each distributes. */
export function createMemoryTraffic(balances: Readonly<Record<string, string>>): MemoryTraffic {
  const rows = new Map<string, Row>();
  let isSilent = false;
  let fault: string | null = null;
  let source: CounterSource = (_, __, percent) => ({ requests: percent, errors: 0, latency: {} });

  function rowOf({ backend }: TrafficTarget): Row {
    const row = rows.get(backend) ?? emptyRow();
    rows.set(backend, row);
    if (row.split.canary !== null && row.leaseEndsAt <= performance.now()) {
      tripRow(row, { cause: 'lease-lost', reason: 'nobody renewed the lease of the canary' });
    }
    return row;
  }

  function owned(target: TrafficTarget, owner: string, token: number): Row {
    const row = rowOf(target);
    if (row.owner !== owner) throw refusal('fenced', target, `it is owned by ${row.owner ?? 'nobody'}`);
    if (row.tripped) throw refusal('lease-lost', target, `${row.tripped.cause}: ${row.tripped.reason}`);
    if (row.stopped !== null) throw refusal('stopped', target, row.stopped);
    if (row.token !== token) throw refusal('fenced', target, `it is at token ${row.token}, not at ${token}`);
    return row;
  }

  function acquire(target: TrafficTarget, owner: string): TrafficState {
    if (isSilent) throw refusal('unavailable', target, 'the agent is silent; start it');
    const balance = balances[target.backend];
    const known = Object.keys(balances).join(', ');
    if (balance === undefined) throw refusal('invalid-target', target, `there is none; known: ${known}`);
    if (balance !== 'roundrobin') {
      throw refusal('invalid-target', target, `it has balance ${balance}; use roundrobin`);
    }
    const row = rowOf(target);
    if (row.owner === owner) return stateOf(row);
    if (row.owner !== null) throw refusal('conflict', target, `it belongs to operation ${row.owner}`);
    if (row.stopped !== null) throw refusal('stopped', target, row.stopped);
    change(row, { owner, split: safe(row.split), changeId: null, tripped: null });
    return stateOf(row);
  }

  function stateOf(row: Row): TrafficState {
    const { token, owner, split, stopped, tripped } = row;
    return { token, owner, split, stopped, tripped, agentSilentMs: isSilent ? 60_000 : 0 };
  }

  return {
    acquire: (target, owner) => attempt(() => acquire(target, owner)),
    setSplit: ({ target, owner, token, changeId, split }) =>
      attempt(() => {
        refuseFault(split, target);
        const row = rowOf(target);
        if (row.owner === owner && row.changeId === changeId) return { token: row.token };
        change(owned(target, owner, token), { owner, split, changeId, tripped: null });
        return { token: row.token };
      }),
    restore: (target, owner, changeId, stable) =>
      attempt(() => {
        refuseFault({ ...stable, canary: null }, target);
        const row = rowOf(target);
        if (row.owner !== null && row.owner !== owner)
          throw refusal('fenced', target, `owned by ${row.owner}`);
        if (row.changeId !== changeId)
          change(row, { ...row, split: safe({ ...stable, canary: null }), changeId });
        return { token: row.token };
      }),
    renewLease: (target, owner, token, leaseMs) =>
      attempt(() => {
        owned(target, owner, token).leaseEndsAt = performance.now() + leaseMs;
      }),
    async verify(target, token, { timeoutMs, signal, onProgress }) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        signal.throwIfAborted();
        const row = rowOf(target);
        if (row.token !== token)
          throw refusal('fenced', target, `it is at token ${row.token}, not at ${token}`);
        const note = isSilent ? 'the agent is silent' : fault;
        if (note === null) return { token, share: shares(row.split), sessions: 1000 };
        onProgress(note);
        if (performance.now() >= deadline) throw refusal('not-verified', target, note);
        await sleep(5, undefined, { signal });
      }
    },
    buckets: (target, after, until) => attempt(() => bucketsOf(rowOf(target), after, until, source)),
    read: (target) => attempt(() => stateOf(rowOf(target))),
    release: (target, owner) =>
      attempt(() => {
        const row = rowOf(target);
        if (row.owner !== owner) return;
        if (row.split.canary !== null) change(row, { ...row, split: safe(row.split), changeId: null });
        row.owner = null;
      }),
    stop(target, reason) {
      const row = rowOf(target);
      row.stopped = reason;
      if (reason !== null) change(row, { ...row, split: safe(row.split), changeId: null });
    },
    trip: (target, cause, reason) => tripRow(rowOf(target), { cause, reason }),
    silence(silent) {
      isSilent = silent;
    },
    refuseToFollow(note) {
      fault = note;
    },
    count(counted) {
      source = counted;
    },
  };
}

function emptyRow(): Row {
  const state = { token: 0, owner: null, split: nothing, changeId: null, leaseEndsAt: 0 };
  return { ...state, stopped: null, tripped: null, past: [] };
}

function change(row: Row, values: Pick<Row, 'owner' | 'split' | 'changeId' | 'tripped'>): void {
  const { owner, split, changeId, tripped } = values;
  const leaseEndsAt = performance.now() + (split.leaseMs ?? 0);
  Object.assign(row, { owner, split, changeId, tripped, leaseEndsAt, token: row.token + 1 });
  row.past.push({ from: Date.now() / 1000, split });
}

function tripRow(row: Row, tripped: NonNullable<Row['tripped']>): void {
  change(row, { ...row, split: safe(row.split), changeId: null, tripped });
}

function safe(split: Split): Split {
  const servers = split.servers.map((server) => ({
    ...server,
    weight: server.version === split.stable ? 100 : 0,
  }));
  return { servers, stable: split.stable, canary: null, leaseMs: null };
}

function bucketsOf(row: Row, after: number, until: number, source: CounterSource): VersionBucket[] {
  const buckets: VersionBucket[] = [];
  for (let second = after + 1; second <= Math.min(until, Math.floor(Date.now() / 1000)); second++) {
    const split = row.past.findLast(({ from }) => from < second + 1)?.split ?? nothing;
    const share = shares(split);
    for (const version of new Set(split.servers.map((server) => server.version))) {
      const counted = source(version, second, share[version] ?? 0);
      const up = split.servers.filter((server) => server.version === version).length;
      buckets.push({ second, version, sessions: counted.requests, up, ...counted });
    }
  }
  return buckets;
}

function shares(split: Split): Record<string, number> {
  const total = split.servers.reduce((sum, server) => sum + server.weight, 0);
  const share: Record<string, number> = {};
  for (const { version, weight } of split.servers) {
    share[version] = (share[version] ?? 0) + (total === 0 ? 0 : (100 * weight) / total);
  }
  return share;
}

function refuseFault(split: Split, target: TrafficTarget): void {
  const wrong = splitFault(split);
  if (wrong !== null) throw refusal('invalid-input', target, `the split ${wrong}`);
}

function refusal(code: ErrorCode, target: TrafficTarget, why: string): OpsError {
  return new OpsError(code, `backend ${target.backend} of proxy ${target.proxy}: ${why}`);
}

/** A throw becomes a rejection, as it does over a network. */
async function attempt<T>(act: () => T): Promise<T> {
  await Promise.resolve();
  return act();
}
