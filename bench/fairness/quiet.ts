import type { Client, WorkflowHandle } from '@temporalio/client';
import { setTimeout as delay } from 'node:timers/promises';
import { ulid } from 'ulid';
import type { FairnessWorkers } from './workers.ts';

export interface QuietWaits {
  /** Milliseconds from schedule to start of each activity, as the server noted them. */
  readonly operations: readonly number[];
  readonly watch: readonly number[];
}

interface QuietSize {
  readonly projects: number;
  readonly rounds: number;
  readonly everyMs: number;
  /** How long after the last round somebody still looks; a step that did not begin by then has waited until then. */
  readonly patienceMs: number;
}

/** Each quiet project starts a small workflow every `everyMs`, whatever became of the one before. */
export async function quietProjects(
  client: Client,
  workers: FairnessWorkers,
  size: QuietSize,
  fair: boolean,
): Promise<QuietWaits> {
  const steps: Promise<WorkflowHandle>[] = [];
  for (let round = 0; round < size.rounds; round += 1) {
    for (let project = 0; project < size.projects; project += 1) {
      steps.push(startStep(client, workers, fair ? { fairnessKey: `quiet-${project}` } : {}));
      await delay(size.everyMs / size.projects);
    }
  }
  const handles = await Promise.all(steps);
  const ended = Promise.allSettled(handles.map((handle) => handle.result()));
  await Promise.race([ended, delay(size.patienceMs, undefined, { ref: false })]);
  const waits = await Promise.all(handles.map((handle) => waitsOf(handle, Date.now())));
  await Promise.all(handles.map((handle) => handle.terminate('over').catch(() => undefined)));
  await ended;
  const on = (queue: string): number[] => waits.map((own) => own.get(queue) ?? size.patienceMs);
  return { operations: on(workers.queues.operations), watch: on(workers.queues.watch) };
}

function startStep(
  client: Client,
  { queues }: FairnessWorkers,
  priority: { fairnessKey?: string },
): Promise<WorkflowHandle> {
  const taskQueue = queues.operations;
  return client.workflow.start('oneStep', {
    workflowId: `step/quiet/${ulid()}`,
    taskQueue,
    args: [queues],
    priority,
  });
}

/** By queue. */
async function waitsOf(handle: WorkflowHandle, now: number): Promise<Map<string, number>> {
  const { events } = await handle.fetchHistory();
  const asked = new Map<string, { queue: string; at: number }>();
  const begun = new Map<string, number>();
  for (const { eventId, eventTime, ...event } of events ?? []) {
    const at = Number(eventTime?.seconds ?? 0) * 1000 + (eventTime?.nanos ?? 0) / 1e6;
    const queue = event.activityTaskScheduledEventAttributes?.taskQueue?.name;
    if (queue) asked.set(String(eventId), { queue, at });
    const started = event.activityTaskStartedEventAttributes;
    if (started) begun.set(String(started.scheduledEventId), at);
  }
  return new Map([...asked].map(([id, { queue, at }]) => [queue, (begun.get(id) ?? now) - at]));
}
