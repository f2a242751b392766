import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { currentScope } from '../../db/scope.ts';
import type { Desk } from './desk.ts';
import { nameSome, type NamingResult } from './name.ts';
import { workShift, type ShiftInput, type ShiftResult } from './shift.ts';
import type { FeedbackClusteringTools } from './tools.ts';

const beatMs = 2000;

export function createFeedbackClusteringActivities(tools: FeedbackClusteringTools) {
  const desks = new Map<string, Desk>();

  return {
    /** Works on the clusters of a project until nothing is left to do, or for some seconds. */
    async clusterFeedback(input: ShiftInput): Promise<ShiftResult> {
      const beating = setInterval(() => heartbeat(), beatMs);
      try {
        // What the workflow says of itself could be typed by anybody; its scope is that of its id.
        return await workShift(tools, desks, { ...input, project: currentScope() }, cancellationSignal());
      } finally {
        clearInterval(beating);
      }
    },

    /** Has the language model name clusters that have grown, a handful at a time. */
    async nameClusters(): Promise<NamingResult> {
      const beating = setInterval(() => heartbeat(), beatMs);
      try {
        return await nameSome(tools, currentScope(), cancellationSignal());
      } finally {
        clearInterval(beating);
      }
    },
  };
}

export type FeedbackClusteringActivities = ReturnType<typeof createFeedbackClusteringActivities>;
