import type { Delivery, Received } from '../../db/feedback/receive.ts';
import { receiveTogether } from '../../db/feedback/receive-together.ts';
import { redactReport } from '../../domain/feedback/redact-report.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { newId } from '../new-id.ts';

/** Removes what must not be stored, keeps the rest, and wakes the clustering once it is kept; that is not waited for. */
export async function keep(
  { db, wakeClustering }: ApiDependencies,
  delivery: Omit<Delivery, 'newId'>,
): Promise<Received> {
  const reports = delivery.reports.map(redactReport);
  const received = await receiveTogether(db, { ...delivery, reports, newId });
  if (received.itemId !== null && !received.isKnown) wake(delivery.project, wakeClustering);
  return received;
}

/** The sweep finds what nobody was woken for. */
export function wake(project: string, wakeClustering: ApiDependencies['wakeClustering']): void {
  setImmediate(() => {
    try {
      wakeClustering?.(project);
    } catch {
      // The delivery is kept: whoever sent it has nothing to mend.
    }
  });
}
