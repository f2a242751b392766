import { setTimeout as delay } from 'node:timers/promises';
import type { Installation } from './installation.ts';

/** Proxies of the environment that are not proven to run a revision, by their own last reports. */
export async function fleetFaults(
  { db, environment }: Pick<Installation, 'db' | 'environment'>,
  revision: string,
): Promise<string[]> {
  const rows = await db
    .selectFrom('fleet_proxy as f')
    .leftJoin('config_order as o', (join) =>
      join
        .onRef('o.project', '=', 'f.project')
        .onRef('o.environment', '=', 'f.environment')
        .onRef('o.sequence', '=', 'f.sequence'),
    )
    .leftJoin('config_report as r', 'r.proxy', 'f.proxy')
    .select(['f.proxy', 'o.revision', 'o.sequence', 'o.hash'])
    .select(['r.outcome', 'r.running_sequence', 'r.running_hash'])
    .where('f.environment', '=', environment)
    .execute();
  return rows
    .filter(
      (row) =>
        row.revision !== revision ||
        row.outcome !== 'proven' ||
        row.running_sequence !== row.sequence ||
        row.running_hash !== row.hash,
    )
    .map((row) => JSON.stringify(row));
}

/** Waits until every proxy is proven to run a revision; throws which are not. Answers how long it took, in milliseconds. */
export async function untilFleetRuns(
  place: Pick<Installation, 'db' | 'environment'>,
  revision: string,
  withinMs: number,
): Promise<number> {
  const began = performance.now();
  for (;;) {
    const faults = await fleetFaults(place, revision).catch((error: unknown) => [String(error)]);
    const ms = performance.now() - began;
    if (faults.length === 0) return Math.round(ms);
    if (ms > withinMs) throw new Error(`after ${withinMs} ms not at ${revision}: ${faults.join('; ')}`);
    await delay(100);
  }
}
