import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ConfigRolloutState } from '../../contracts/config-rollout.ts';

export interface CommandAnswer {
  readonly state: 'accepted' | 'refused';
  readonly answer: string;
}

/** A command is a row first; the update only names it, and its update id is the command's id. Typed by hand it does nothing. */
export const commandUpdate = defineUpdate<CommandAnswer, [{ commandId: string }]>('command');

/** A decision is a row first; the signal only names it. Typed by hand it approves nothing. */
export const approvalSignal = defineSignal<[{ decisionId: string }]>('approval');

/** An activity of this run keeps failing (note) or works again (null); sent by the worker itself. */
export const stuckSignal = defineSignal<[{ note: string | null }]>('stuck');

export const stateQuery = defineQuery<ConfigRolloutState>('state');
