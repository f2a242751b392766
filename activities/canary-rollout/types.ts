import type { CanaryPlan } from '../../contracts/canary-plan.ts';
import type { CanaryRolloutState, CheckResult } from '../../contracts/canary-rollout.ts';
import type { WatchState } from '../../domain/canary-rollout/watch.ts';
import type { OperationRef } from '../shared/operation-records.ts';

export type { GateView } from '../../db/approval/gate.ts';
export type { CommandRow, OperationRef } from '../shared/operation-records.ts';

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

/** Both hashes of the pair: of the files that the proxy answers, and of the version with how it starts. */
export type ConfigBrought =
  | {
      readonly kind: 'proven';
      readonly summary: string;
      readonly hash: string;
      readonly release: string;
    }
  | { readonly kind: 'not-taken'; readonly reason: string };

export interface ConfigRestored {
  readonly summary: string;
  /** null: nothing was put back, and `summary` says why. */
  readonly hash: string | null;
  /** null: no version serves. */
  readonly release: string | null;
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
