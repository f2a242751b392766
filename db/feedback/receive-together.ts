import type { Db } from '../connect.ts';
import { currentScope } from '../scope.ts';
import { keepDeliveries, type OpenDelivery } from './keep-deliveries.ts';
import { openDelivery, receive, received, type Delivery, type Received } from './receive.ts';

/** One statement at work and one that is planned and sent meanwhile; with more of them each would carry less. */
const flightsAtOnce = 2;
const deliveriesTogether = 64;
/** One with more reports than this is worth a statement of its own. */
const reportsAtMost = 20;

interface Waiting {
  readonly delivery: Delivery;
  readonly open: OpenDelivery;
  settle(outcome: Promise<Received>): void;
}

interface Queue {
  readonly db: Db;
  waiting: Waiting[];
  flights: number;
}

const queues = new WeakMap<Db, Map<string, Queue>>();

/**
 * As `receive`, for storms: what comes in while others are being kept goes together with the next ones, in one statement and one
 * commit. Alone it waits for nobody. Each delivery answers when it is kept, and one that cannot be kept takes no other with it.
 */
export function receiveTogether(db: Db, delivery: Delivery): Promise<Received> {
  const [open, ...more] = openDelivery(delivery);
  const isLarge = more.length > 0 || open.reports.length > reportsAtMost;
  if (isLarge || delivery.isReread === true || db.isTransaction) return receive(db, delivery);
  const queue = queueOf(db, delivery.project);
  return new Promise((settle) => {
    queue.waiting.push({ delivery, open, settle });
    launch(queue);
  });
}

/** Of one project, and of one scope: what goes together is seen by the same rows' wall. */
function queueOf(db: Db, project: string): Queue {
  const ofDb = queues.get(db) ?? new Map<string, Queue>();
  queues.set(db, ofDb);
  const key = `${currentScope()} ${project}`;
  const queue = ofDb.get(key) ?? { db, waiting: [], flights: 0 };
  ofDb.set(key, queue);
  return queue;
}

function launch(queue: Queue): void {
  while (queue.flights < flightsAtOnce && queue.waiting.length > 0) {
    queue.flights += 1;
    void fly(queue.db, boarding(queue)).finally(() => {
      queue.flights -= 1;
      launch(queue);
    });
  }
}

/** The first that are neither the same delivery nor about the same thing as one before them; those go with the next. */
function boarding(queue: Queue): Waiting[] {
  const taken = new Set<string>();
  const boarded: Waiting[] = [];
  queue.waiting = queue.waiting.filter((waiting) => {
    const keys = keysOf(waiting.open);
    if (boarded.length === deliveriesTogether || keys.some((key) => taken.has(key))) return true;
    for (const key of keys) taken.add(key);
    boarded.push(waiting);
    return false;
  });
  return boarded;
}

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
