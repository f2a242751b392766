import { Gauge, type Registry } from 'prom-client';
import { fleetCounts } from '../../db/config-rollout/fleet-counts.ts';
import type { Db } from '../../db/connect.ts';

/** Adds the fleet to the metrics of a project: proxies of each environment by where they are with their order. */
export async function addFleetMetrics(db: Db, project: string, registers: Registry[]): Promise<void> {
  const proxies = new Gauge({
    name: 'holdfast_fleet_proxies',
    help: 'Enrolled proxies by environment and state: proven, pending, failed, silent (not heard for 30 s), unordered',
    labelNames: ['project', 'environment', 'state'],
    registers,
  });
  const drifting = new Gauge({
    name: 'holdfast_fleet_drifting',
    help: 'Proxies that are not as their order says and were not mended',
    labelNames: ['project', 'environment'],
    registers,
  });
  for (const { environment, drift, ...states } of await fleetCounts(db, project)) {
    for (const [state, count] of Object.entries(states)) proxies.set({ project, environment, state }, count);
    drifting.set({ project, environment }, drift);
  }
}
