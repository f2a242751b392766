import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ClusterJobStats } from '../../contracts/feedback-clustering.ts';

export interface ClusterCommandAnswer {
  readonly state: 'accepted' | 'refused';
  readonly answer: string;
}

/** Something may be to do: items, commands, a job. It carries nothing: what there is stands in the database. */
export const dirtySignal = defineSignal('dirty');

/** A command is a row first; the update only names it, and its update id is the command's id. Typed by hand it does nothing. */
export const commandUpdate = defineUpdate<ClusterCommandAnswer, [{ commandId: string }]>('command');

/** The activity keeps failing (note) or works again (null); sent by the worker itself. */
export const stuckSignal = defineSignal<[{ note: string | null }]>('stuck');

export interface ClusteringView {
  readonly isWorking: boolean;
  /** Of this run of the workflow. */
  readonly total: ClusterJobStats;
}

export const stateQuery = defineQuery<ClusteringView>('state');
