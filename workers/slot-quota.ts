import { activityInfo, ApplicationFailure } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { createTurnstile, type Turnstile } from './turnstile.ts';

export interface SlotQuota {
  /** Slots of this worker that one project's activities may work in. */
  readonly perProject: number;
  /** Milliseconds that what is beyond it waits in its slot before it gives it back. Shorter than any heartbeat time-out. */
  readonly patienceMs?: number;
}

/**
 * Bounds what one project has running on a worker; fairness keys see to the order of what is not running yet. What is beyond the
 * quota waits a little for one of its own project's, then gives its slot back and is delivered again later. A person's command and
 * a step towards safety (priority 1) are never held up; what may only be tried so many times is let in instead of losing a try.
 */
export function createSlotQuota({
  perProject,
  patienceMs = 4000,
}: SlotQuota): ActivityInboundCallsInterceptor {
  const turnstiles = new Map<string, Turnstile>();

  return {
    async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>) {
      const project = projectHeldToQuota();
      if (project === null) return next(input);
      const turnstile = turnstiles.get(project) ?? createTurnstile(perProject);
      turnstiles.set(project, turnstile);
      if (!(await turnstile.enter(patienceMs))) {
        if (mayComeAgain()) throw givenBack(project, perProject, turnstile.nextReturnMs());
        turnstile.squeezeIn();
      }
      try {
        return await next(input);
      } finally {
        turnstile.leave();
        if (turnstile.isIdle()) turnstiles.delete(project);
      }
    },
  };
}

function projectHeldToQuota(): string | null {
  const { isLocal, priority } = activityInfo();
  if (isLocal || priority?.priorityKey === 1) return null;
  return priority?.fairnessKey || null;
}

/** 0 tries: as many as it takes. */
function mayComeAgain(): boolean {
  return (activityInfo().retryPolicy?.maximumAttempts ?? 0) === 0;
}

function givenBack(project: string, perProject: number, nextRetryDelay: number): ApplicationFailure {
  const { taskQueue } = activityInfo();
  return ApplicationFailure.create({
    type: 'rate-limited',
    message: `project ${project} has ${perProject} activities of queue ${taskQueue} running on this worker already; it waits for one to end`,
    nextRetryDelay,
    details: [{ retryAfterMs: nextRetryDelay }],
  });
}
