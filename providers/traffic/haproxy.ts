import { OpsError } from '../../domain/errors.ts';
import type { DesiredStateStore, StoreChange } from './desired-state-store.ts';
import { splitFault } from './split-fault.ts';
import { refuseUnsteerable } from './steerable.ts';
import type { Split, Traffic, TrafficState, TrafficTarget } from './traffic.ts';
import { verifySplit } from './verify.ts';

const nothing: Split = { servers: [], stable: null, canary: null, leaseMs: null };

/**
 * Steers HAProxy through its proxy agent: writes the desired state, never the proxy. What comes true is told by the agent's
 * reports, which `verify` waits for.
 */
export function createHaproxyTraffic(store: DesiredStateStore): Traffic {
  return {
    async acquire(target, owner) {
      await refuseUnsteerable(store, target);
      const result = await store.acquire(target, owner);
      if (result.ok) return readState(store, target);
      if (result.reason === 'stopped') throw new OpsError('stopped', `${name(target)}: ${result.detail}`);
      throw new OpsError(
        'conflict',
        `${name(target)} belongs to operation ${result.detail}; wait for it or abort it`,
        {
          operationId: result.detail,
        },
      );
    },
    async setSplit(change) {
      refuse(splitFault(change.split), change.target);
      return { token: tokenOf(await store.setSplit(change), change.target) };
    },
    async restore(target, owner, changeId, stable) {
      const safe: Split = { ...stable, canary: null, leaseMs: null };
      refuse(splitFault(safe), target);
      return { token: tokenOf(await store.restore(target, owner, changeId, safe), target) };
    },
    async renewLease(target, owner, token, leaseMs) {
      tokenOf(await store.renewLease(target, owner, token, leaseMs), target);
    },
    verify: (target, token, options) => verifySplit(store, target, token, options),
    buckets: (target, after, until) => store.buckets(target, after, until),
    read: (target) => readState(store, target),
    release: (target, owner) => store.release(target, owner),
  };
}

async function readState(store: DesiredStateStore, target: TrafficTarget): Promise<TrafficState> {
  const [row, stopped, heard] = await Promise.all([
    store.read(target),
    store.stopReason(target),
    store.report(target.proxy),
  ]);
  return {
    token: row?.token ?? 0,
    owner: row?.owner ?? null,
    split: row?.split ?? nothing,
    stopped,
    tripped: row?.tripped ? { cause: row.tripped.cause, reason: row.tripped.reason } : null,
    agentSilentMs: heard ? Math.round(heard.silentMs) : null,
  };
}

function tokenOf(result: StoreChange, target: TrafficTarget): number {
  if (result.ok) return result.token;
  const code = {
    fenced: 'fenced',
    stopped: 'stopped',
    tripped: 'lease-lost',
    reconfiguring: 'unavailable',
  } as const;
  throw new OpsError(code[result.reason], `${name(target)}: ${result.detail}`);
}

function refuse(fault: string | null, target: TrafficTarget): void {
  if (fault !== null) throw new OpsError('invalid-input', `the split of ${name(target)} ${fault}`);
}

function name(target: TrafficTarget): string {
  return `backend ${target.backend} of proxy ${target.proxy}`;
}
