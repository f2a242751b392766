import type { Selectable } from 'kysely';
import type {
  DeliveryState,
  NotificationAttempt,
  NotificationDelivery,
} from '../../contracts/notification.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Db } from '../connect.ts';
import type { Database } from '../schema.ts';

export interface DeliveryFilter {
  readonly channel?: string;
  readonly state?: DeliveryState;
  readonly operation?: string;
  /** Only deliveries older than this id. */
  readonly before: string | null;
  readonly limit: number;
}

/** Newest first, each with its ledger. */
export async function listDeliveries(
  db: Db,
  project: string,
  filter: DeliveryFilter,
): Promise<NotificationDelivery[]> {
  return atOneMoment(db, (tx) => readDeliveries(tx, project, filter));
}

async function readDeliveries(db: Db, project: string, filter: DeliveryFilter) {
  let query = db.selectFrom('notification_delivery').selectAll().where('project', '=', project);
  if (filter.channel !== undefined) query = query.where('channel', '=', filter.channel);
  if (filter.state !== undefined) query = query.where('state', '=', filter.state);
  if (filter.operation !== undefined) query = query.where('operation_id', '=', filter.operation);
  if (filter.before !== null) query = query.where('id', '<', filter.before);
  const rows = await query.orderBy('id', 'desc').limit(filter.limit).execute();
  return withLedger(db, rows);
}

export async function requireDelivery(db: Db, project: string, id: string): Promise<NotificationDelivery> {
  const [delivery] = await atOneMoment(db, async (tx) => {
    const row = tx.selectFrom('notification_delivery').selectAll().where('project', '=', project);
    return withLedger(tx, await row.where('id', '=', id).execute());
  });
  if (delivery === undefined) throw new OpsError('not-found', `there is no notification delivery ${id}`);
  return delivery;
}

/** A delivery and its ledger as of one moment: else an attempt that was just accepted stands beside a delivery that still waits for it. */
function atOneMoment<T>(db: Db, read: (tx: Db) => Promise<T>): Promise<T> {
  return db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(read);
}

type Row = Selectable<Database['notification_delivery']>;
type AttemptRow = Selectable<Database['notification_attempt']>;

async function withLedger(db: Db, rows: readonly Row[]): Promise<NotificationDelivery[]> {
  if (rows.length === 0) return [];
  const attempts = await db
    .selectFrom('notification_attempt')
    .selectAll()
    .where(
      'delivery_id',
      'in',
      rows.map(({ id }) => id),
    )
    .orderBy('attempt')
    .execute();
  const ofDelivery = Map.groupBy(attempts, (attempt) => attempt.delivery_id);
  return rows.map((row) => toDelivery(row, ofDelivery.get(row.id) ?? []));
}

function toDelivery(row: Row, attempts: readonly AttemptRow[]): NotificationDelivery {
  return {
    id: row.id,
    channel: row.channel,
    event: row.event,
    operationId: row.operation_id,
    replayOf: row.replay_of,
    state: row.state,
    reason: row.reason,
    summary: row.facts.summary,
    createdAt: row.created_at.toISOString(),
    settledAt: row.settled_at?.toISOString() ?? null,
    attempts: attempts.map(toAttempt),
  };
}

function toAttempt(row: AttemptRow): NotificationAttempt {
  return {
    attempt: row.attempt,
    at: row.at.toISOString(),
    result: row.result,
    status: row.status,
    error: row.error,
    durationMs: row.duration_ms,
  };
}
