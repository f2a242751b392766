import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ApiAccess } from '../ask-api.ts';
import { fleetProcesses, type FleetProcesses } from '../fleet/processes.ts';
import { startRealProxy, type RealProxy } from '../fleet/real-proxy.ts';
import { startSimulatedApart, type SimulatedApart } from '../fleet/simulated-apart.ts';
import { insertSimulatedProxies } from '../fleet/simulated-rows.ts';
import { adminKey } from '../processes.ts';
import type { Servers } from '../servers.ts';

/** What is pushed through: API and worker as processes, on a PostgreSQL and a Temporal of their own. */
export interface PushHouse {
  readonly servers: Servers;
  readonly processes: FleetProcesses;
  readonly api: ApiAccess;
  /** Simulated agents, all in one process, that begin to wait for orders. */
  simulate(environment: string, count: number): Promise<SimulatedApart>;
  /** Real proxies, one after the other, each on an address of its own. */
  enrol(environment: string, count: number): Promise<readonly RealProxy[]>;
  /** Megabytes of memory of API and worker, now and at most so far. */
  memory(): Record<'api_mb' | 'api_most_mb' | 'worker_mb' | 'worker_most_mb', number>;
}

/** An agent keeps one connection that waits and one for its reports. */
const connectionsOfAgent = 2;
const spareConnections = 500;

export async function openPushHouse(
  servers: Servers,
  { agents, apiOptions }: { readonly agents: number; readonly apiOptions: readonly string[] },
): Promise<PushHouse> {
  const { folder, databaseUrl, temporal, db, atEnd } = servers;
  const connections = agents * connectionsOfAgent + spareConnections;
  requireOpenFiles(connections + spareConnections);
  const processes = await fleetProcesses({ folder, databaseUrl, temporal }, { connections, apiOptions });
  await processes.api.start();
  atEnd(() => processes.api.stop());
  await processes.worker.start();
  atEnd(() => processes.worker.stop());
  const api = { base: processes.base, key: await adminKey(db) };
  return {
    ...{ servers, processes, api },
    async simulate(environment, count) {
      const prefix = `simulated-${environment}`;
      const proxies = await insertSimulatedProxies(db, { environment, prefix, count });
      const simulated = startSimulatedApart({
        ...{ base: processes.base, configKeysFile: processes.configKeysFile, environment, proxies },
        ...{ folder: path.join(folder, prefix), spreadMs: count * 2 },
      });
      atEnd(() => simulated.stop());
      return simulated;
    },
    async enrol(environment, count) {
      const proxies: RealProxy[] = [];
      for (let index = 0; index < count; index += 1) {
        const address = `127.0.1.${index + 1}`;
        const proxy = await startRealProxy({ api, proxy: `real-${index}`, environment, address });
        atEnd(() => proxy.close());
        proxies.push(proxy);
      }
      return proxies;
    },
    memory() {
      const [ofApi, ofWorker] = [statusOf(processes.api.pid), statusOf(processes.worker.pid)];
      return {
        ...{ api_mb: ofApi('VmRSS'), api_most_mb: ofApi('VmHWM') },
        ...{ worker_mb: ofWorker('VmRSS'), worker_most_mb: ofWorker('VmHWM') },
      };
    },
  };
}

function statusOf(pid: number): (name: string) => number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return (name) => Math.round(Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024);
}

/** Throws with the remedy: thousands of connections end in one process, and begin in another. */
function requireOpenFiles(needed: number): void {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const allowed = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  if (allowed !== undefined && Number(allowed) < needed)
    throw new Error(
      `a process may open ${allowed} files here, and ${needed} are needed: ulimit -n ${needed}`,
    );
}
