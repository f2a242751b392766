import type { DesiredBackend, ProxyReport, ServerSample, Trip } from '../../../contracts/proxy.ts';
import { desiredState, recordReport } from '../../../db/proxy.ts';
import type { Db } from '../../../db/connect.ts';
import { latencyBucket } from '../../../domain/latency.ts';
import { safeServers } from '../../../domain/safe-split.ts';

/** How requests to one version end. */
export interface Behaviour {
  /** 0 to 1. */
  readonly errorRate: number;
  readonly latencyMs: number;
  readonly up: boolean;
}

export interface TwinAgent {
  /** Requests to `version` of `service` end like this from now on. */
  behave(service: string, version: string, behaviour: Partial<Behaviour>): void;
  /** Requests a second to a service; 0: nobody asks. */
  rate(service: string, perSecond: number): void;
  /** Goes silent: no report, no counters, nothing applied. The dead-man switch still works. */
  silence(silent: boolean): void;
  /** Does not apply what is desired, though it reports. */
  stick(service: string, stuck: boolean): void;
  stopLocally(reason: string | null): void;
  /** Loses the lease of a service's canary at once, as if nobody had renewed it. */
  loseLease(service: string): void;
  weights(service: string): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

interface Applied {
  desired: DesiredBackend;
  tripped: boolean;
  sessions: Map<string, number>;
  second: Map<string, number>;
}

const tickMs = 100;

/**
 * Stands for proxy agent and HAProxy: applies the desired state that lies in Postgres, splits invented requests by weight and
 * reports like the real one. `changed` hears every change of weights as it comes true.
 */
export function startTwinAgent(
  db: Db,
  proxy: string,
  changed: (service: string, weights: string) => void,
): TwinAgent {
  const backends = new Map<string, Applied>();
  const behaviours = new Map<string, Behaviour>();
  const rates = new Map<string, number>();
  const stuck = new Set<string>();
  const lost = new Set<string>();
  let trips: Trip[] = [];
  let samples: ServerSample[] = [];
  let silent = false;
  let stopped: string | null = null;
  let second = Math.floor(Date.now() / 1000);
  let closed = false;
  const running = loop();

  async function loop(): Promise<void> {
    while (!closed) {
      const began = performance.now();
      if (!silent) await tick().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, Math.max(10, tickMs - (performance.now() - began))));
    }
  }

  async function tick(): Promise<void> {
    const { backends: desired } = await desiredState(db, proxy);
    for (const backend of desired) apply(backend);
    serveRequests();
    const now = Math.floor(Date.now() / 1000);
    if (now > second) closeSecond(now);
    const { acknowledgedTrips } = await recordReport(db, proxy, report());
    trips = trips.filter((trip) => !acknowledgedTrips.some((one) => one.token === trip.token));
    samples = [];
  }

  function apply(desired: DesiredBackend): void {
    const service = desired.backend;
    const known = backends.get(service);
    const isNewer = known === undefined || desired.token > known.desired.token;
    if (isNewer && stuck.has(service)) return;
    const applied: Applied = known ?? { desired, tripped: false, sessions: new Map(), second: new Map() };
    const before = weightsText(applied);
    if (isNewer) applied.tripped = false;
    if (isNewer) applied.desired = desired;
    backends.set(service, applied);
    const gone = desired.leaseMs !== null && (desired.leaseMs <= 0 || lost.has(service));
    if (applied.desired.canary !== null && !applied.tripped && (gone || stopped !== null))
      trip(applied, service);
    if (known === undefined || weightsText(applied) !== before) changed(service, weightsText(applied));
  }

  function trip(applied: Applied, backend: string): void {
    lost.delete(backend);
    applied.tripped = true;
    const cause = stopped === null ? 'lease-lost' : 'local-stop';
    const reason = stopped ?? 'nobody renewed the lease';
    trips.push({ backend, token: applied.desired.token, cause, at: new Date().toISOString(), reason });
  }

  function serveRequests(): void {
    for (const [service, applied] of backends) {
      const servers = serversOf(applied);
      const total = servers.reduce((sum, server) => sum + server.weight, 0);
      for (const server of servers) {
        const share = total === 0 ? 0 : server.weight / total;
        const count = Math.round(((rates.get(service) ?? 1000) * share * tickMs) / 1000);
        applied.sessions.set(server.name, (applied.sessions.get(server.name) ?? 0) + count);
        applied.second.set(server.name, (applied.second.get(server.name) ?? 0) + count);
      }
    }
  }

  function closeSecond(now: number): void {
    for (const [service, applied] of backends) {
      for (const server of serversOf(applied)) {
        const { errorRate, latencyMs, up } = behaviourOf(service, server.version);
        const requests = applied.second.get(server.name) ?? 0;
        const latency = { [latencyBucket(latencyMs)]: requests };
        const errors = Math.round(requests * errorRate);
        const { name, version } = server;
        samples.push({
          backend: service,
          server: name,
          version,
          second,
          sessions: requests,
          requests,
          errors,
          up,
          latency,
        });
      }
      applied.second = new Map();
    }
    second = now;
  }

  function report(): ProxyReport {
    return {
      agentVersion: 'twin',
      haproxyVersion: 'twin',
      reachable: true,
      stopped,
      configError: null,
      backends: [...rates.keys()].map((name) => ({ name, balance: 'roundrobin', dynamic: true })),
      proven: [...backends].map(([backend, applied]) => ({
        backend,
        token: applied.desired.token,
        error: null,
        servers: serversOf(applied).map(({ name, version, weight }) => ({
          name,
          weight,
          up: behaviourOf(backend, version).up,
          sessions: applied.sessions.get(name) ?? 0,
        })),
      })),
      trips,
      samples,
      now: new Date().toISOString(),
    };
  }

  function behaviourOf(service: string, version: string): Behaviour {
    return behaviours.get(`${service}/${version}`) ?? { errorRate: 0, latencyMs: 5, up: true };
  }

  return {
    behave(service, version, behaviour) {
      behaviours.set(`${service}/${version}`, { ...behaviourOf(service, version), ...behaviour });
    },
    rate: (service, perSecond) => void rates.set(service, perSecond),
    silence: (value) => void (silent = value),
    stick: (service, value) => void (value ? stuck.add(service) : stuck.delete(service)),
    stopLocally: (reason) => void (stopped = reason),
    loseLease: (service) => void lost.add(service),
    weights(service) {
      const applied = backends.get(service);
      return Object.fromEntries(
        applied === undefined ? [] : serversOf(applied).map((s) => [s.version, s.weight]),
      );
    },
    async close() {
      closed = true;
      await running;
    },
  };
}

function serversOf({ desired, tripped }: Applied) {
  return tripped ? safeServers(desired.servers, desired.stable, desired.canary) : desired.servers;
}

function weightsText(applied: Applied): string {
  return serversOf(applied)
    .map((server) => `${server.version}=${server.weight}`)
    .join(' ');
}
