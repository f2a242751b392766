import type { Client, WorkflowHandle } from '@temporalio/client';
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

/** Starts it and waits until every activity of it is scheduled. Answers how to end it. */
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
        workflowId: ulid(),
        taskQueue: queues.operations,
        args: [crowd],
        priority,
      }),
    ),
  );
  await Promise.all(handles.map((handle, index) => untilScheduled(handle, crowds[index]?.[1].count ?? 0)));
  return async () => {
    await Promise.all(handles.map((handle) => handle.terminate('over').catch(() => undefined)));
  };
}

async function untilScheduled(handle: WorkflowHandle, count: number): Promise<void> {
  while ((await handle.describe()).historyLength < count) await delay(250);
}
