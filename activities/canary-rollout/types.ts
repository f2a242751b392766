import type { CanaryPlan } from '../../contracts/canary-plan.ts';
import type { CanaryRolloutState, CheckResult } from '../../contracts/canary-rollout.ts';
import type { WatchState } from '../../domain/canary-rollout/watch.ts';

export type { GateView } from '../../db/approval/gate.ts';

/** Names the operation an activity works for. */
export interface OperationRef {
  readonly operationId: string;
}

/** One line of the timeline; `seq` is dense, so writing it again changes nothing. */
export interface EventInput extends OperationRef {
  readonly seq: number;
  readonly type: string;
  readonly summary: string;
  readonly detail: Record<string, unknown>;
  readonly state: CanaryRolloutState;
}

export interface ShiftInput extends OperationRef {
  /** Percent of requests to the canary. */
  readonly weight: number;
  readonly token: number;
  readonly changeId: string;
  readonly verifyMs: number;
  readonly leaseMs: number;
  /** Index into the plan's steps. Every gate before it must have been approved; the activity looks for itself. */
  readonly step: number;
}

export interface ShiftResult {
  readonly token: number;
  readonly summary: string;
}

export interface WatchInput extends OperationRef {
  readonly token: number;
  readonly plan: CanaryPlan;
  /** Milliseconds the step soaks; null at a gate, a pause or a hold: judging goes on, time does not count. */
  readonly soakMs: number | null;
  readonly state: WatchState;
  readonly muted: readonly { readonly metric: string; readonly until: string }[];
}

/** Why a watch came back. `state` is handed to the next watch of the same rollout. */
export type WatchResult = {
  readonly state: WatchState;
  readonly lastCheck: CheckResult | null;
} & (
  | { readonly kind: 'soaked' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'hold'; readonly why: string; readonly reason: string }
  | { readonly kind: 'cleared' }
  | { readonly kind: 'hold-expired'; readonly reason: string }
  | { readonly kind: 'lost'; readonly cause: string; readonly reason: string }
  | { readonly kind: 'interrupted' }
);

export interface CommandRow {
  readonly id: string;
  readonly kind: string;
  readonly revision: number;
  readonly step: number;
  readonly by: string;
  readonly reason: string | null;
  readonly metric: string | null;
  readonly expiresInMs: number | null;
  readonly cause: string | null;
  readonly state: 'pending' | 'accepted' | 'refused';
  readonly answer: string | null;
}
