import { sql } from 'kysely';
import type { Report } from '../../domain/feedback/report.ts';
import type { Db } from '../connect.ts';
import { isDeadlock, violatedUnique } from '../failures.ts';
import { keepDeliveries, type KeptDelivery, type OpenDelivery } from './keep-deliveries.ts';
import { keptReport, storedName, type KeptReport } from './kept-report.ts';
import { isSameDelivery } from './same-delivery.ts';

/** What a source sent at once. The reports are redacted already. */
export interface Delivery {
  readonly project: string;
  readonly source: string;
  /** The same for what is sent again. */
  readonly deliveryId: string;
  readonly reports: readonly Report[];
  /** What it comes to where there is no report in it to keep; left out: `ignored`. */
  readonly withoutReports?: 'filtered' | 'ignored';
  /** Read by us and not told by the source: what is as it was is no occurrence. */
  readonly isReread?: boolean;
  newId(): string;
}

export interface Received extends KeptDelivery {
  /** It was here before and changed nothing. */
  readonly isKnown: boolean;
}

/**
 * Keeps a delivery and what it tells, all or nothing: one statement where no two of its reports are about the same thing. A delivery
 * that is known changes nothing and answers what it came to. Safe to repeat, at once and in any order: what is the newest wins.
 */
export async function receive(db: Db, delivery: Delivery): Promise<Received> {
  const rounds = openDelivery(delivery);
  for (;;) {
    try {
      return await received(db, delivery, await keep(db, delivery, rounds));
    } catch (error) {
      // The same delivery came twice in this moment, or somebody locked the same items the other way round: all of this one is undone.
      if (!isMeeting(error) || db.isTransaction) throw error;
    }
  }
}

/** Two were at the same rows at once; the one that hears of it has changed nothing. */
function isMeeting(error: unknown): boolean {
  return violatedUnique(error) === 'feedback_delivery_pkey' || isDeadlock(error);
}

/** A delivery as rounds of reports: the first goes with the delivery itself, each later one tells of things that were told before. */
export function openDelivery(delivery: Delivery): readonly [OpenDelivery, ...OpenDelivery[]] {
  const now = Date.now();
  const [first = [], ...more] = roundsOf(
    delivery.reports.map((report) => keptReport(report, () => delivery.newId(), now)),
  );
  const { source, withoutReports = 'ignored' } = delivery;
  const open = (reports: readonly KeptReport[]): OpenDelivery => ({
    ...{ source, deliveryId: storedName(delivery.deliveryId), withoutReports, reports },
  });
  return [open(first), ...more.map(open)];
}

/** What became of it; where it was known, what it came to at its first time. */
export async function received(db: Db, delivery: Delivery, kept: KeptDelivery | null): Promise<Received> {
  return kept === null ? known(db, delivery) : { ...kept, isKnown: false };
}

/** An insert that meets a row twice is refused: reports about the same thing go one after the other, each round in the order of locks. */
function roundsOf(reports: readonly KeptReport[]): KeptReport[][] {
  const rounds: KeptReport[][] = [];
  const seen = new Map<string, number>();
  for (const report of reports) {
    const round = seen.get(report.external_id) ?? 0;
    seen.set(report.external_id, round + 1);
    (rounds[round] ??= []).push(report);
  }
  return rounds;
}

/** Answers null when the delivery is known. */
async function keep(
  db: Db,
  delivery: Delivery,
  [only, ...more]: readonly [OpenDelivery, ...OpenDelivery[]],
): Promise<KeptDelivery | null> {
  const { project, isReread = false } = delivery;
  const round = async (tx: Db, open: OpenDelivery, isFirst: boolean) =>
    (await keepDeliveries(tx, { project, isReread, isFirst, deliveries: [open] }))[0] ?? null;
  if (more.length === 0) return round(db, only, true);
  return inTransaction(db, async (tx) => {
    const first = await round(tx, only, true);
    if (first === null) return null;
    let { counted, changed } = first;
    for (const open of more) {
      const later = await round(tx, open, false);
      counted += later?.counted ?? 0;
      changed += later?.changed ?? 0;
    }
    await tx
      .updateTable('feedback_delivery')
      .set({ counted, reports: isReread ? changed : delivery.reports.length })
      .where(isSameDelivery(table, { project, ...only }))
      .execute();
    return { ...first, counted, changed };
  });
}

/** The caller's own, where it has one: then its end is the caller's as well. */
function inTransaction<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  return db.isTransaction ? work(db) : db.transaction().execute(work);
}

const table = sql.table('feedback_delivery');

async function known(db: Db, { project, source, deliveryId }: Delivery): Promise<Received> {
  const row = await db
    .selectFrom('feedback_delivery')
    .select(['outcome', 'item_id as itemId', 'counted'])
    .where(isSameDelivery(table, { project, source, deliveryId: storedName(deliveryId) }))
    .executeTakeFirst();
  // Removed by its age in this moment: it is known all the same.
  return { outcome: 'ignored', itemId: null, counted: 0, changed: 0, ...row, isKnown: true };
}
