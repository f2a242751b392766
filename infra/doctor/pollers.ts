import type { Connection } from '@temporalio/client';
import { healthy, wrong, type Finding } from './finding.ts';

/** Queues that our workers serve, with what they poll for: workflow tasks (1), activity tasks (2). */
const queues = [
  { name: 'operations', type: 1 },
  { name: 'operations', type: 2 },
  { name: 'watch', type: 2 },
  { name: 'notifications', type: 1 },
  { name: 'notifications', type: 2 },
] as const;

/** A poll waits for about a minute, so a living poller was heard within this time. */
const freshMs = 75_000;
/** A task that waits longer has no worker, whatever the list of pollers still says of a killed one. */
const longestBacklogMs = 20_000;

export async function checkPollers(connection: Connection, namespace: string): Promise<Finding[]> {
  return Promise.all(queues.map((queue) => checkQueue(connection, namespace, queue)));
}

async function checkQueue(
  connection: Connection,
  namespace: string,
  { name, type }: (typeof queues)[number],
): Promise<Finding> {
  const title = `workers of ${name} (${type === 1 ? 'workflows' : 'activities'})`;
  const fix = 'start a worker: holdfast up, or node workers/main.ts beside a Temporal of your own';
  const answer = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name },
    taskQueueType: type,
    reportStats: true,
  });
  const newest = Math.max(
    0,
    ...(answer.pollers ?? []).map((poller) => millisecondsOf(poller.lastAccessTime)),
  );
  if (Date.now() - newest > freshMs) return wrong(title, 'no worker polls', fix);
  const waitsMs = millisecondsOf(answer.stats?.approximateBacklogAge);
  if (waitsMs > longestBacklogMs) {
    return wrong(title, `a task has been waiting for ${Math.round(waitsMs / 1000)} s`, fix);
  }
  return healthy(title);
}

function millisecondsOf(span: { seconds?: unknown; nanos?: number | null } | null | undefined): number {
  return Number(span?.seconds ?? 0) * 1000 + (span?.nanos ?? 0) / 1e6;
}
