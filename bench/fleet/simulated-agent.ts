import type { ConfigBundle, ConfigRef, ConfigReport, ProxyWindow } from '../../contracts/config-bundle.ts';
import { refuseBundle, type Refused } from '../../domain/config-bundle/refuse-bundle.ts';
import { backOffMs, pause } from '../../proxy-agent/back-off.ts';
import { createBell } from '../../proxy-agent/bell.ts';
import { isConfigBundle } from '../../proxy-agent/config-bundle/bundle-shape.ts';
import { sha256Hex } from '../../proxy-agent/config-bundle/sha256-hex.ts';
import type { VerifySignature } from '../../proxy-agent/config-bundle/trusted-keys.ts';
import { connectControlPlane } from '../../proxy-agent/control-plane.ts';

/**
 * What it does with an order that goes forth; an order back it always proves. `silent`: nobody hears of it, nor does it hear, until it
 * behaves otherwise. `slow`: it has not decided yet.
 */
export type Behaviour = 'prove' | 'refuse' | 'restore' | 'silent' | 'slow';

/** What it counts from its log in each window. */
export type Traffic = Pick<ProxyWindow, 'requests' | 'errors' | 'latency'>;

/** An order that it told the end of; Unix milliseconds of when the API had answered that. */
export interface Acknowledgement extends ConfigRef {
  readonly proxy: string;
  readonly outcome: NonNullable<ConfigReport['outcome']>;
  readonly at: number;
}

export interface SimulatedAgent {
  readonly proxy: string;
  behave(behaviour: Behaviour): void;
  /** null: no windows. */
  carry(traffic: Traffic | null): void;
  running(): ConfigRef | null;
  /** The bundles that it took, oldest first. */
  taken(): readonly ConfigRef[];
  /** What it did not take at all, and why. */
  refused(): readonly Refused[];
  end(): void;
}

export interface SimulatedAgentParts {
  readonly base: string;
  readonly place: { readonly project: string; readonly environment: string };
  readonly proxy: string;
  readonly keyFile: string;
  readonly verify: VerifySignature;
  readonly times: SimulatedTimes;
  /** Before the first request. */
  readonly delayMs: number;
  readonly onAcknowledged: (acknowledgement: Acknowledgement) => void;
}

/** Milliseconds. */
export interface SimulatedTimes {
  /** From a report to the next one when nothing changed. */
  readonly tellMs: number;
  /** The same while it carries traffic. */
  readonly windowMs: number;
  /** From an order to its end. */
  readonly applyMs: number;
}

const pollWaitMs = 25_000;
const askAgainMs = 5000;

/** An agent without a HAProxy: it speaks the protocol through the real agent's own client, and verifies what it gets as that does. */
export function startSimulatedAgent(parts: SimulatedAgentParts): SimulatedAgent {
  const { base, proxy, keyFile, times } = parts;
  const plane = connectControlPlane(new URL(base), { proxy, keyFile });
  const bell = createBell();
  const taken: ConfigRef[] = [];
  const refusals: Refused[] = [];
  let behaviour: Behaviour = 'prove';
  let traffic: Traffic | null = null;
  let countedFrom = Date.now();
  let attempt: { readonly bundle: ConfigBundle; outcome: ConfigReport['outcome'] } | null = null;
  let rejected: (Refused & { readonly ref: ConfigRef | null }) | null = null;
  let running: ConfigRef | null = null;
  let acknowledged = 0;
  let isEnded = false;
  /** Cuts off what is under way when it falls silent, and at the end. */
  let line = new AbortController();
  let whenBack = Promise.withResolvers<void>();

  async function ask(): Promise<void> {
    let tag: string | null = null;
    let failures = 0;
    while (await isHeard()) {
      const { signal } = line;
      try {
        const waitMs = Math.round(pollWaitMs * (0.8 + Math.random() / 5));
        const answer = await plane.config(tag, waitMs, signal);
        failures = 0;
        if (answer.kind === 'none') await pause(askAgainMs * (0.5 + Math.random() / 2), signal);
        if (answer.kind !== 'offered' || signal.aborted) continue;
        take(answer.offered);
        tag = answer.tag;
      } catch {
        failures += 1;
        await pause(backOffMs(failures), signal);
      }
    }
  }

  function take(offered: unknown): void {
    const refused = isConfigBundle(offered) ? refuse(offered) : malformed;
    rejected = refused && { ...refused, ref: isConfigBundle(offered) ? refOf(offered) : null };
    if (refused) refusals.push(refused);
    if (refused || !isConfigBundle(offered)) return bell.ring();
    if (offered.sequence === attempt?.bundle.sequence) return;
    attempt = { bundle: offered, outcome: null };
    taken.push(refOf(offered));
    if (times.applyMs === 0) settle();
    else void pause(times.applyMs, line.signal).then(settle);
  }

  function refuse(bundle: ConfigBundle): Refused | null {
    return refuseBundle(bundle, {
      ...{ ...parts.place, proxy, sha256: sha256Hex, verify: parts.verify, floor: 0 },
      ...{ newest: attempt?.bundle ?? null, now: Date.now(), parseTime: Date.parse },
    });
  }

  function settle(): void {
    if (attempt === null || attempt.outcome !== null) return;
    const { bundle } = attempt;
    attempt.outcome = bundle.order === 'rollback' && behaviour !== 'silent' ? 'proven' : outcomeBy(behaviour);
    if (attempt.outcome === 'proven') running = refOf(bundle);
    bell.ring();
  }

  /** At once when something changed, and every so often besides. */
  async function tell(): Promise<void> {
    let toldAt = performance.now() - Math.random() * times.tellMs;
    let failures = 0;
    while (await isHeard()) {
      const { signal } = line;
      await ringOrTime(toldAt + (traffic === null ? times.tellMs : times.windowMs), signal);
      if (signal.aborted) continue;
      toldAt = performance.now();
      if (attempt === null && rejected === null) continue;
      try {
        await report(signal);
        failures = 0;
      } catch {
        failures += 1;
        await pause(backOffMs(failures), signal);
        bell.ring();
      }
    }
  }

  async function ringOrTime(dueAt: number, signal: AbortSignal): Promise<void> {
    const timer = setTimeout(bell.ring, Math.max(1, dueAt - performance.now()));
    await bell.heard(signal);
    clearTimeout(timer);
  }

  async function report(signal: AbortSignal): Promise<void> {
    const now = Date.now();
    const told = reportAt(now);
    await plane.reportConfig(told, signal);
    if (told.windows !== undefined) countedFrom = now;
    const { attempted, outcome } = told;
    if (attempted === null || outcome === null || attempted.sequence === acknowledged) return;
    acknowledged = attempted.sequence;
    parts.onAcknowledged({ ...attempted, proxy, outcome, at: Date.now() });
  }

  function reportAt(nowMs: number): ConfigReport {
    const attempted = rejected ? rejected.ref : attempt && refOf(attempt.bundle);
    const outcome = rejected ? 'refused' : (attempt?.outcome ?? null);
    const isFine = outcome === 'proven' || outcome === null;
    return {
      ...{ attempted, running, lastKnownGood: running, outcome, refusal: rejected?.refusal ?? null },
      phase: outcome === null ? 'checking' : 'idle',
      failure: rejected?.why ?? (isFine ? null : `the simulated agent was told to ${behaviour}`),
      failedStep: isFine ? null : rejected ? 'verify' : outcome === 'refused' ? 'check' : 'prove',
      ...{ timings: {}, drift: null, haproxy: { version: '2.6.12', oldWorkers: 0, failedReloads: 0 } },
      ...(traffic === null ? {} : { windows: [windowUntil(nowMs, traffic)] }),
      ...{ agentVersion: 'simulated', now: new Date(nowMs).toISOString() },
    };
  }

  function windowUntil(nowMs: number, counts: Traffic): ProxyWindow {
    const seconds = Math.max(1, Math.round((nowMs - countedFrom) / 1000));
    const startsAt = new Date(countedFrom).toISOString();
    return { startsAt, seconds, sequence: running?.sequence ?? null, signatures: [], ...counts };
  }

  /** Waits while it is silent; false at the end. */
  async function isHeard(): Promise<boolean> {
    while (line.signal.aborted && !isEnded) await whenBack.promise;
    return !isEnded;
  }

  function hangUp(): void {
    line.abort();
    if (isEnded) whenBack.resolve();
  }

  function comeBack(): void {
    if (!line.signal.aborted || isEnded) return;
    line = new AbortController();
    whenBack.resolve();
    whenBack = Promise.withResolvers();
  }

  void pause(parts.delayMs, line.signal).then(() => Promise.all([ask(), tell()]));
  return {
    proxy,
    behave(next) {
      behaviour = next;
      if (next === 'silent') return hangUp();
      comeBack();
      settle();
    },
    carry(counts) {
      [traffic, countedFrom] = [counts, Date.now()];
      bell.ring();
    },
    running: () => running,
    taken: () => taken,
    refused: () => refusals,
    end() {
      isEnded = true;
      hangUp();
    },
  };
}

const malformed: Refused = { refusal: 'malformed', why: 'it does not have the shape of a bundle' };

function outcomeBy(behaviour: Behaviour): ConfigReport['outcome'] {
  switch (behaviour) {
    case 'prove':
      return 'proven';
    case 'refuse':
      return 'refused';
    case 'restore':
      return 'restored';
    case 'silent':
    case 'slow':
      return null;
  }
}

function refOf({ revision, sequence, hash }: ConfigBundle): ConfigRef {
  return { revision, sequence, hash };
}
