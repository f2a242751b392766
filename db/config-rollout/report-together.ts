import type { Db } from '../connect.ts';
import { together } from '../together.ts';
import { keepReports, type ProxyConfigReport } from './keep-reports.ts';
import { keepSeenRequests } from './seen-requests.ts';

interface Waiting {
  readonly report: ProxyConfigReport;
  settle(kept: Kept | Promise<Kept>): void;
}

/** The sequence of the newest order to the agent, if there is one; null when the proxy is not enrolled. */
type Kept = { readonly agentOrder: number | null } | null;

const crowds = new WeakMap<Db, (waiting: Waiting) => void>();

/**
 * Keeps the report of a proxy. A wave makes a thousand of them at once: what comes in while others are being kept goes together with
 * the next ones, in one statement and one commit. Alone it waits for nobody, and one that cannot be kept takes no other with it.
 * null: the proxy is not enrolled.
 */
export function reportTogether(db: Db, report: ProxyConfigReport): Promise<Kept> {
  const add = crowds.get(db) ?? crowdOf(db);
  crowds.set(db, add);
  return new Promise((settle) => add({ report, settle }));
}

function crowdOf(db: Db): (waiting: Waiting) => void {
  return together<Waiting>({
    // One statement at work and one that is planned and sent meanwhile; with more of them each would carry less.
    ...{ atOnce: 2, most: 128, gatherMs: 10 },
    keysOf: ({ report }) => [report.proxy],
    carry: (boarded) => fly(db, boarded),
  });
}

async function fly(db: Db, boarded: readonly Waiting[]): Promise<void> {
  try {
    const enrolled = await keepReports(
      db,
      boarded.map(({ report }) => report),
    );
    for (const { report, settle } of boarded) settle(keptOf(enrolled, report.proxy));
  } catch {
    // Nothing of it is kept, or all of it and the answer was lost: each for itself finds out, and tells its own fault.
    for (const { report, settle } of boarded) settle(alone(db, report));
  }
  sample(
    db,
    boarded.map(({ report }) => report),
  );
}

const sampling = new WeakSet<Db>();

/** What is lost of a sample comes again: no report waits or fails for it, and one that comes while another is kept is let go. */
function sample(db: Db, reports: readonly ProxyConfigReport[]): void {
  if (sampling.has(db) || !reports.some(hasSample)) return;
  sampling.add(db);
  void keepSeenRequests(db, reports)
    .catch(() => undefined)
    .finally(() => sampling.delete(db));
}

function hasSample({ report: { windows = [] } }: ProxyConfigReport): boolean {
  return windows.some(({ sample: some = [] }) => some.length > 0);
}

async function alone(db: Db, report: ProxyConfigReport): Promise<Kept> {
  return keptOf(await keepReports(db, [report]), report.proxy);
}

function keptOf(enrolled: ReadonlyMap<string, number | null>, proxy: string): Kept {
  const agentOrder = enrolled.get(proxy);
  return agentOrder === undefined ? null : { agentOrder };
}
