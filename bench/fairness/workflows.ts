import { proxyActivities } from '@temporalio/workflow';
import type { Hands } from './workers.ts';

export interface Crowd {
  readonly queue: string;
  readonly count: number;
  /** What each activity takes. */
  readonly ms: number;
}

/** So many activities of a project at once: work that is done and gone. */
export async function backlog({ queue, count, ms }: Crowd): Promise<void> {
  const { work } = proxyActivities<Hands>({ taskQueue: queue, startToCloseTimeout: '1h' });
  await Promise.all(Array.from({ length: count }, () => work({ ms })));
}

/** So many activities of a project at once that keep their slots. */
export async function longWatches({ queue, count, ms }: Crowd): Promise<void> {
  const { keepWatch } = proxyActivities<Hands>({
    taskQueue: queue,
    startToCloseTimeout: '1h',
    heartbeatTimeout: '6s',
  });
  await Promise.all(Array.from({ length: count }, () => keepWatch({ ms })));
}

/** What a project without a crowd does: a step on each of the two queues. */
export async function oneStep({ operations, watch }: { operations: string; watch: string }): Promise<void> {
  const step = proxyActivities<Hands>({ taskQueue: operations, startToCloseTimeout: '1h' });
  const look = proxyActivities<Hands>({ taskQueue: watch, startToCloseTimeout: '1h' });
  await Promise.all([step.work({ ms: 5 }), look.work({ ms: 5 })]);
}
