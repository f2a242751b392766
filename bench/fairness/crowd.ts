import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { setTimeout as delay } from 'node:timers/promises';
import { ulid } from 'ulid';
import type { FairnessWorkers } from './workers.ts';
import type { Crowd } from './workflows.ts';

/** What one project asks for at once. A workflow may have 2,000 activities pending, so the backlog comes in several. */
export interface CrowdSize {
  readonly backlog: number;
  /** Milliseconds of each. */
  readonly backlogMs: number;
  readonly watches: number;
  readonly watchMs: number;
}

const perWorkflow = 500;

/** Starts it. Answers how to end it. */
export async function startCrowd(
  client: Client,
  { queues }: FairnessWorkers,
  size: CrowdSize,
  priority: { fairnessKey?: string },
): Promise<() => Promise<void>> {
  const crowds: [string, Crowd][] = [];
  for (let left = size.watches; left > 0; left -= perWorkflow)
    crowds.push([
      'longWatches',
      { queue: queues.watch, count: Math.min(left, perWorkflow), ms: size.watchMs },
    ]);
  for (let left = size.backlog; left > 0; left -= perWorkflow)
    crowds.push([
      'backlog',
      { queue: queues.operations, count: Math.min(left, perWorkflow), ms: size.backlogMs },
    ]);
  const handles = await Promise.all(
    crowds.map(([type, crowd]) =>
      client.workflow.start(type, {
        workflowId: `crowd/noisy/${ulid()}`,
        taskQueue: queues.operations,
        args: [crowd],
        priority,
      }),
    ),
  );
  return async () => {
    await Promise.all(handles.map((handle) => handle.terminate('over').catch(() => undefined)));
  };
}

/** Until the server has it in its queue: what is there grows no more. Its statistics are some seconds old. */
export async function untilQueued(client: Client, { queues }: FairnessWorkers): Promise<void> {
  for (let most = 0, now = 0; now >= most || now === 0;) {
    most = Math.max(most, now);
    await delay(1000);
    now = await backlogOf(client, queues.operations);
  }
}

async function backlogOf(client: Client, name: string): Promise<number> {
  const { stats } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name },
    taskQueueType: proto.temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    reportStats: true,
  });
  return Number(stats?.approximateBacklogCount ?? 0);
}
