import { activityInfo } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { actAs } from '../db/audit/acting.ts';

/** Every audit entry that an activity makes names its run, itself and the attempt. */
export function createActingInterceptor(): ActivityInboundCallsInterceptor {
  return {
    execute(input, next) {
      const { workflowExecution, activityId, attempt } = activityInfo();
      const actor = {
        workflow: workflowExecution?.workflowId ?? '',
        run: workflowExecution?.runId ?? '',
        activity: activityId,
        attempt,
      };
      return actAs(actor, () => next(input));
    },
  };
}
