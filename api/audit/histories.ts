import type { Client } from '@temporalio/client';
import type { HistoryActivity, RunHistory } from '../../domain/audit/reconcile.ts';

/** The history of one run, or null when the server has it no more, or never had. */
export async function readHistory(client: Client, workflow: string, run: string): Promise<RunHistory | null> {
  try {
    const { events } = await client.workflow.getHandle(workflow, run).fetchHistory();
    return { workflow, run, activities: activitiesOf(events ?? []) };
  } catch (error) {
    if (noSuchRun.includes((error as { code?: unknown }).code)) return null;
    throw error;
  }
}

/** gRPC's INVALID_ARGUMENT and NOT_FOUND: what a forged entry calls a run may be none at all. */
const noSuchRun: readonly unknown[] = [3, 5];

type Events = NonNullable<
  Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>['events']
>;

function activitiesOf(events: Events): HistoryActivity[] {
  const completed = new Set(
    events.map((event) => String(event.activityTaskCompletedEventAttributes?.scheduledEventId ?? '')),
  );
  return events.flatMap((event) => {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (!scheduled) return [];
    return {
      id: scheduled.activityId ?? '',
      type: scheduled.activityType?.name ?? '',
      isCompleted: completed.has(String(event.eventId ?? '')),
    };
  });
}
