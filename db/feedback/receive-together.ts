import type { Db } from '../connect.ts';
import { together } from '../together.ts';
import { keepDeliveries, type OpenDelivery } from './keep-deliveries.ts';
import { openDelivery, receive, received, type Delivery, type Received } from './receive.ts';

/** One with more reports than this is worth a statement of its own. */
const reportsAtMost = 20;

interface Waiting {
  readonly delivery: Delivery;
  readonly open: OpenDelivery;
  settle(outcome: Promise<Received>): void;
}

/** By project. */
const crowds = new WeakMap<Db, Map<string, (waiting: Waiting) => void>>();

/**
 * As `receive`, for storms: what comes in while others are being kept goes together with the next ones, in one statement and one
 * commit. Alone it waits for nobody. Each delivery answers when it is kept, and one that cannot be kept takes no other with it.
 */
export function receiveTogether(db: Db, delivery: Delivery): Promise<Received> {
  const [open, ...more] = openDelivery(delivery);
  const isLarge = more.length > 0 || open.reports.length > reportsAtMost;
  if (isLarge || delivery.isReread === true || db.isTransaction) return receive(db, delivery);
  return new Promise((settle) => crowdOf(db, delivery.project)({ delivery, open, settle }));
}

function crowdOf(db: Db, project: string): (waiting: Waiting) => void {
  const ofDb = crowds.get(db) ?? new Map<string, (waiting: Waiting) => void>();
  crowds.set(db, ofDb);
  const add =
    ofDb.get(project) ??
    together<Waiting>({
      // One statement at work and one that is planned and sent meanwhile; with more of them each would carry less.
      ...{ atOnce: 2, most: 64, gatherMs: 0 },
      keysOf: ({ open }) => keysOf(open),
      carry: (boarded) => fly(db, boarded),
    });
  ofDb.set(project, add);
  return add;
}

/** A delivery, and what it is about: neither twice in one statement. */
function keysOf({ source, deliveryId, reports }: OpenDelivery): string[] {
  return [`d ${source} ${deliveryId}`, ...reports.map((report) => `i ${source} ${report.external_id}`)];
}

async function fly(db: Db, boarded: readonly Waiting[]): Promise<void> {
  const { project } = (boarded[0] as Waiting).delivery;
  const deliveries = boarded.map(({ open }) => open);
  try {
    const kept = await keepDeliveries(db, { project, deliveries, isReread: false, isFirst: true });
    for (const [place, { delivery, settle }] of boarded.entries())
      settle(received(db, delivery, kept[place] ?? null));
  } catch {
    // Nothing of it is kept, or all of it and the answer was lost: each for itself finds out, and tells its own fault.
    for (const { delivery, settle } of boarded) settle(receive(db, delivery));
  }
}
