import type { ConfigPlan } from '../../contracts/config-plan.ts';
import type { ConfigRolloutState, WaveCheck, WaveCounts } from '../../contracts/config-rollout.ts';
import type { BakeState } from '../../domain/config-rollout/bake.ts';
import type { OperationRef } from '../shared/operation-records.ts';

export type { GateView } from '../../db/approval/gate.ts';
export type { CommandRow, OperationRef } from '../shared/operation-records.ts';

/** One line of the timeline; `seq` is dense, so writing it again changes nothing. */
export interface ConfigEventInput extends OperationRef {
  readonly seq: number;
  readonly type: string;
  readonly summary: string;
  readonly detail: Record<string, unknown>;
  readonly state: ConfigRolloutState;
}

export interface WaveRef extends OperationRef {
  /** Index into the plan's waves. */
  readonly wave: number;
}

export interface WatchWaveInput extends WaveRef {
  readonly sequence: number;
  readonly plan: ConfigPlan;
  /** `back` waits for no silent proxy. */
  readonly way: 'forth' | 'back';
}

export type WatchWaveResult =
  | { readonly kind: 'proven'; readonly summary: string; readonly counts: WaveCounts }
  | { readonly kind: 'failed'; readonly reason: string; readonly counts: WaveCounts }
  | { readonly kind: 'interrupted' };

export interface BakeWaveInput extends WaveRef {
  readonly sequence: number;
  readonly plan: ConfigPlan;
  /** Milliseconds; null while a person keeps it where it is: checks go on, time does not count. */
  readonly bakeMs: number | null;
  readonly state: BakeState;
}

/** `state` is handed to the next bake of the same wave. */
export type BakeWaveResult = {
  readonly state: BakeState;
  readonly lastCheck: WaveCheck | null;
  readonly counts: WaveCounts | null;
} & (
  | { readonly kind: 'baked' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'interrupted' }
);
