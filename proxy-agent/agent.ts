import type { DesiredState, ProxyReport, ProxyReportAnswer, ServerSample } from '../contracts/proxy.ts';
import { applyBackend, readBackFault } from './apply.ts';
import { coalesce } from './coalesce.ts';
import { createCounters, keyOf } from './counters.ts';
import { acceptDesired, openTrip } from './desired.ts';
import { effectiveServers, type BackendState, type Effective } from './effective.ts';
import { createLeases } from './leases.ts';
import type { Log } from './log.ts';
import type { LiveFile } from './live-file.ts';
import type { LogListener } from './log-listener.ts';
import { recoverState } from './recover.ts';
import type { RenderedBackend } from './render.ts';
import { provenBackends } from './report.ts';
import type { AgentSettings } from './settings.ts';
import { takeSnapshot, type Snapshot } from './snapshot.ts';
import { socketAt } from './socket.ts';
import { loadStop, saveState } from './state.ts';
import type { Turns } from './turns.ts';
import { agentVersion } from './version.ts';

export type ReportWithoutSamples = Omit<ProxyReport, 'samples' | 'droppedSamples' | 'now'>;

/** Keeps one HAProxy at its desired state, or at the safe one while something stands against that. */
export interface Agent {
  accept(offered: DesiredState): void;
  /** `sentAt` is when the report was sent, on the monotonic clock: a lease is counted from there, so never too long. */
  renew(answer: ProxyReportAnswer, sentAt: number): void;
  /** Looks at HAProxy, mends what differs, and answers the counters of the second. */
  look(second: number): Promise<ServerSample[]>;
  /** Brings HAProxy to what may be applied now. Never throws. */
  reconcile(): Promise<void>;
  /** The steered servers as the file is to have them now. */
  servers(): readonly RenderedBackend[];
  report(): ReportWithoutSamples;
  stop(): void;
}

interface Parts {
  readonly settings: AgentSettings;
  readonly file: LiveFile;
  /** Of everybody who writes to HAProxy's sockets. */
  readonly turns: Turns;
  readonly hear: LogListener;
  readonly log: Log;
  readonly onChange: () => void;
  /** A server was not as the agent itself had left it, and is again. */
  readonly onUndone: (detail: string) => void;
}

export function createAgent({ settings, file, turns, hear, log, onChange, onUndone }: Parts): Agent {
  const ask = socketAt(settings.socket);
  const counters = createCounters();
  const backends = new Map<string, BackendState>(Object.entries(recoverState(settings, log)));
  let isUnsaved = false;
  const faults = new Map<string, string>();
  const refusals = new Map<string, string>();
  /** What each backend was found to be by itself: the worker, and the servers in it. */
  const inStep = new Map<string, string>();
  let snapshot: Snapshot | null = null;
  let configFault: string | null = null;
  let writtenFor = '';

  const reconcile = coalesce(async () => {
    try {
      await turns(bringAbout);
    } catch (error) {
      if (snapshot) log('warn', 'HAProxy does not answer', { reason: (error as Error).message });
      snapshot = null;
    }
    void syncFile();
  });
  const leases = createLeases(
    settings.leaseFile,
    Object.fromEntries(backends),
    () => void reconcile(),
    onChange,
  );

  async function bringAbout(): Promise<void> {
    snapshot = await takeSnapshot(ask);
    const tripped = tripsOf(evaluate());
    let sent = 0;
    for (const [backend, state] of backends) {
      if (!state.managed) continue;
      const { servers } = effectiveOf(backend, state);
      const wanted = JSON.stringify(servers);
      const isWanted = (): boolean => JSON.stringify(effectiveNow(backend)?.servers) === wanted;
      const applied = await applyBackend(ask, snapshot, backend, servers, isWanted);
      sent += applied.sent;
      note(faults, backend, applied.fault);
      const isFine = applied.sent === 0 && applied.fault === null;
      const step = `${snapshot.pid} ${wanted}`;
      if (!isFine && inStep.get(backend) === step) onUndone(`servers of ${backend} had been changed`);
      note(inStep, backend, isFine ? step : null);
    }
    if (sent > 0) snapshot = await takeSnapshot(ask);
    record(tripped);
    for (const [backend, state] of backends) {
      if (!state.managed || faults.has(backend)) continue;
      note(faults, backend, readBackFault(snapshot, backend, effectiveOf(backend, state).servers));
    }
    if (sent > 0 || tripped.length > 0) onChange();
    // A stop or a lost lease that came while commands were on their way: what they raised is taken back at once.
    if (sent > 0 && tripsOf(evaluate()).length > 0) void reconcile();
  }

  function effectiveOf(backend: string, state: BackendState): Effective {
    const leaseLeftMs = leases.left(backend, state.desired.token);
    return effectiveServers(state, { stop: loadStop(settings.stopFile), leaseLeftMs });
  }

  function effectiveNow(backend: string): Effective | null {
    const state = backends.get(backend);
    return state ? effectiveOf(backend, state) : null;
  }

  function evaluate(): [string, Effective][] {
    return [...backends].map(([backend, state]) => [backend, effectiveOf(backend, state)]);
  }

  /** After the sockets' commands: being safe comes before telling that one is. */
  function record(tripped: readonly [string, NonNullable<Effective['trip']>][]): void {
    for (const [backend, trip] of tripped) {
      const state = backends.get(backend);
      if (!state) continue;
      const { token } = state.desired;
      const at = new Date().toISOString();
      backends.set(backend, { ...state, trip: { backend, token, at, ...trip, acknowledged: false } });
      log('warn', 'took the canary off', { backend, token, ...trip });
    }
    if (tripped.length > 0) saveState(settings.stateFile, Object.fromEntries(backends));
  }

  /**
   * On disk before it counts: after a crash nothing older may come back, nor a canary without its lease. With a full disk what only makes
   * things safer counts all the same; all of it is asked for again until it is written. Answers why it is not.
   */
  function keep(fresh: readonly [string, BackendState][]): Error | null {
    if (fresh.length === 0 && !isUnsaved) return null;
    let fault: Error | null = null;
    try {
      saveState(settings.stateFile, Object.fromEntries([...backends, ...fresh]));
    } catch (error) {
      fault = error as Error;
    }
    isUnsaved = fault !== null;
    for (const [backend, state] of fresh)
      if (fault === null || state.desired.canary === null) backends.set(backend, state);
    return fault;
  }

  const syncFile = coalesce(async () => {
    let wanted = '';
    const fault = await file.sync(() => {
      const rendered = renderedNow();
      wanted = JSON.stringify(rendered);
      return rendered;
    });
    if (fault !== configFault && fault !== null)
      log('error', 'cannot write the configuration', { reason: fault });
    const changed = fault !== configFault || writtenFor !== wanted;
    configFault = fault;
    writtenFor = wanted;
    if (changed) onChange();
  });

  function renderedNow(): RenderedBackend[] {
    return [...backends]
      .filter(([, state]) => state.managed)
      .map(([backend, state]) => {
        const { token, stable, canary } = state.desired;
        return { backend, token, stable, canary, servers: effectiveOf(backend, state).servers };
      });
  }

  return {
    accept(offered) {
      const receivedAt = performance.now();
      const stop = loadStop(settings.stopFile);
      const accepted: DesiredState['backends'] = [];
      const fresh: [string, BackendState][] = [];
      for (const candidate of offered.backends) {
        const { backend, token } = candidate;
        const acceptance = acceptDesired(backends.get(backend), candidate, stop, Date.now());
        note(refusals, backend, acceptance.kind === 'refused' ? acceptance.why : null);
        if (acceptance.kind === 'refused') {
          log('warn', 'refused a desired state', { backend, token, reason: acceptance.why });
          continue;
        }
        accepted.push(candidate);
        if (acceptance.kind === 'new') fresh.push([backend, acceptance.state]);
      }
      const fault = keep(fresh);
      for (const { backend, token, leaseMs } of accepted) {
        if (leaseMs !== null && backends.get(backend)?.desired.token === token)
          leases.extend(backend, token, receivedAt + leaseMs);
      }
      void reconcile();
      if (fault !== null) throw fault;
    },
    renew(answer, sentAt) {
      for (const { backend, token, remainingMs } of answer.leases) {
        if (backends.get(backend)?.desired.token === token)
          leases.extend(backend, token, sentAt + remainingMs);
      }
      let changed = false;
      for (const { backend, token } of answer.acknowledgedTrips) {
        const state = backends.get(backend);
        if (!state?.trip || state.trip.token !== token || state.trip.acknowledged) continue;
        const trip = openTrip({ ...state.trip, acknowledged: true }, state.desired.token);
        backends.set(backend, { ...state, trip });
        changed = true;
      }
      if (!changed) return;
      saveState(settings.stateFile, Object.fromEntries(backends));
      void reconcile();
    },
    async look(second) {
      await reconcile();
      const latencies = hear.take();
      if (!snapshot) return [];
      const counted = counters.take(second, snapshot, (row) =>
        versionOf(backends.get(row.backend), row.name),
      );
      return counted.map((sample) => ({
        ...sample,
        latency: latencies.get(keyOf({ backend: sample.backend, name: sample.server })) ?? {},
      }));
    },
    reconcile,
    servers: renderedNow,
    report() {
      const isInStep = writtenFor === JSON.stringify(renderedNow()) || configFault !== null;
      return {
        agentVersion,
        haproxyVersion: snapshot?.version ?? null,
        reachable: snapshot !== null,
        stopped: stopText(loadStop(settings.stopFile)),
        configError: configFault,
        backends: [...(snapshot?.backends ?? [])],
        proven: provenBackends(backends, snapshot, (backend, state) => {
          const held = effectiveOf(backend, state).held;
          const unwritten = isInStep ? null : 'the configuration file is being written';
          return held ?? refusals.get(backend) ?? faults.get(backend) ?? unwritten;
        }),
        trips: [...backends.values()].flatMap(({ trip }) =>
          trip && !trip.acknowledged ? [tripOf(trip)] : [],
        ),
      };
    },
    stop: () => leases.stop(),
  };
}

function tripsOf(evaluated: readonly [string, Effective][]): [string, NonNullable<Effective['trip']>][] {
  return evaluated.flatMap(([backend, { trip }]) => (trip ? [[backend, trip]] : []));
}

function tripOf({
  backend,
  token,
  cause,
  at,
  reason,
}: ProxyReport['trips'][number]): ProxyReport['trips'][number] {
  return { backend, token, cause, at, reason };
}

function versionOf(state: BackendState | undefined, server: string): string | null {
  return state?.desired.servers.find((candidate) => candidate.name === server)?.version ?? null;
}

function stopText(stop: ReturnType<typeof loadStop>): string | null {
  return stop && `${stop.reason} (by ${stop.by}, ${stop.at})`;
}

function note(texts: Map<string, string>, backend: string, text: string | null): void {
  if (text === null) texts.delete(backend);
  else texts.set(backend, text);
}
