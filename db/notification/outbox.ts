import { ulid } from 'ulid';
import type { NoticeFacts } from '../../contracts/notification.ts';
import { isListening } from '../../domain/notification/routing.ts';
import type { Db } from '../connect.ts';

/** Something that happened to an operation and that people may want to be told. */
export interface Occurrence {
  readonly operationId: string;
  /** A NotificationEvent, such as `gate.opened` or `outcome.promoted`. */
  readonly event: string;
  /** The same for the same happening: each channel is told of it once. */
  readonly key: string;
  readonly summary: string;
  readonly outcome?: string;
  readonly gate?: NoticeFacts['gate'];
  /** Every channel is told, whatever it listens to. */
  readonly toAll?: boolean;
}

/**
 * Writes a delivery for every channel that listens, in the transaction of what it tells about: what was rolled back is not told, what
 * was committed is. The sweep starts the sending. Repeating it adds nothing.
 */
export async function tellChannels(tx: Db, occurrence: Occurrence): Promise<void> {
  const { operationId, event, key, summary } = occurrence;
  const rows = await tx
    .selectFrom('operation as o')
    .innerJoin('notification_channel as c', 'c.project', 'o.project')
    .leftJoin('canary_rollout as r', 'r.operation_id', 'o.id')
    .select(['o.project', 'o.kind', 'o.target', 'r.version', 'c.name', 'c.events', 'c.service', 'c.enabled'])
    .where('o.id', '=', operationId)
    .execute();
  const listening = rows.filter((row) =>
    occurrence.toAll === true ? row.enabled : isListening(row, event, row.target),
  );
  if (listening.length === 0) return;
  await tx
    .insertInto('notification_delivery')
    .values(
      listening.map(({ project, kind, target, version, name }) => ({
        id: ulid(),
        project,
        channel: name,
        event,
        event_key: key,
        operation_id: operationId,
        replay_of: null,
        facts: JSON.stringify({
          event,
          project,
          at: new Date().toISOString(),
          summary: summary.slice(0, 1000),
          operation: { id: operationId, kind, target, version },
          outcome: occurrence.outcome ?? null,
          gate: occurrence.gate ?? null,
        } satisfies NoticeFacts),
        reason: null,
        settled_at: null,
      })),
    )
    .onConflict((conflict) => conflict.constraint('notification_delivery_once').doNothing())
    .execute();
}
