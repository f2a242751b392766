import type { ConfigBundle, ConfigPhase, ConfigRef, ConfigStep } from '../../contracts/config-bundle.ts';
import { refuseBundle, type Refused } from '../../domain/config-bundle/refuse-bundle.ts';
import { coalesce } from '../coalesce.ts';
import type { Log } from '../log.ts';
import type { AgentSettings } from '../settings.ts';
import {
  applyBase,
  restoreBase,
  restoreUnlessServed,
  type Applied,
  type ApplyTools,
} from './apply-bundle.ts';
import { baseOf, provableOperatorsBase } from './base-of.ts';
import { isConfigBundle } from './bundle-shape.ts';
import type { DriftWatch } from './drift-watch.ts';
import { findDrift } from './find-drift.ts';
import { saveConfigState, type ConfigState, type Verdict } from './config-state.ts';
import type { RecoveredConfig } from './recover-config.ts';
import { sha256Hex } from './sha256-hex.ts';
import { createStopwatch } from './stopwatch.ts';
import { verifyWithKeysIn } from './trusted-keys.ts';

/** What the control knows; `rejected` is the last bundle that was not taken at all. */
export interface ConfigStatus {
  readonly state: ConfigState | null;
  readonly rejected: (Refused & { readonly ref: ConfigRef | null }) | null;
  readonly phase: ConfigPhase;
  readonly timings: Verdict['timings'];
  /** Why an attempt cannot go on yet, or null. */
  readonly waiting: string | null;
}

/** Brings HAProxy to the newest signed bundle, and back to the last known good one when that does not come live. */
export interface ConfigControl {
  /** Takes what the control plane offers, on disk before it is applied. Answers why not, or null. */
  offer(offered: unknown): Refused | null;
  /** Goes on with what is not decided yet. Never throws. */
  settle(): Promise<void>;
  status(): ConfigStatus;
}

interface Parts extends Omit<ApplyTools, 'onStep'> {
  readonly settings: AgentSettings;
  readonly recovered: RecoveredConfig;
  readonly drift: DriftWatch;
  readonly log: Log;
  readonly onChange: () => void;
}

export function createConfigControl(parts: Parts): ConfigControl {
  const { settings, file, servers, drift, log, onChange } = parts;
  const verify = verifyWithKeysIn(settings.configKeys);
  const watch = createStopwatch<ConfigStep>();
  const tools: ApplyTools = { ...parts, onStep: begin };
  const { floor, former } = parts.recovered;
  let { state } = parts.recovered;
  let rejected: ConfigStatus['rejected'] = null;
  let phase: ConfigPhase = 'idle';
  let waiting: string | null = null;
  let isUnsaved = false;
  /** Whether an open attempt has touched anything; of one that a crash has left nothing is known. */
  let mayBeLive = state !== null && isOpen(state);
  // A crash in the middle of an attempt leaves its file: what is known to be good comes back before anything is tried again.
  if (state && (state.verdict === null || state.verdict.outcome === 'failed')) useKnownGood();

  const settle = coalesce(async () => {
    try {
      if (state && isUnsaved) keep(state);
      if (state && state.verdict === null) await attempt(state.attempted);
      else if (state?.verdict?.outcome === 'failed') await restore(state.attempted, state.verdict);
      else if (state?.owesRestore) await payRestore();
      else if (state?.lastKnownGood) await lookForDrift(state.lastKnownGood);
    } catch (error) {
      log('error', 'the configuration could not be settled', { reason: (error as Error).message });
    }
    if (phase !== 'idle') begin(null);
  });

  async function attempt(bundle: ConfigBundle): Promise<void> {
    watch.restart();
    const base = baseOf(settings, bundle);
    const isNewest = (): boolean => state?.attempted === bundle;
    const applied: Applied =
      'fault' in base
        ? { kind: 'refused', step: 'check', why: base.fault }
        : await applyBase(tools, base, isNewest);
    watch.stop();
    waiting = applied.kind === 'waiting' ? applied.why : null;
    const verdict = verdictOf(applied, watch.times());
    if (!verdict) return;
    decide(bundle, verdict);
    if (verdict.outcome === 'failed') await restore(bundle, verdict);
  }

  async function restore(bundle: ConfigBundle, verdict: Verdict): Promise<void> {
    const base = knownGood();
    if ('fault' in base) return log('error', 'nothing to go back to', { reason: base.fault });
    const applied = await restoreBase(tools, base);
    watch.stop();
    if (applied.kind === 'proven')
      decide(bundle, { ...verdict, outcome: 'restored', timings: watch.times() });
    else log('error', 'the last known good configuration is not proven', applied);
  }

  /** Of an attempt that a newer one took the place of, before it was taken back. */
  async function payRestore(): Promise<void> {
    const base = knownGood();
    if ('fault' in base) return log('error', 'nothing to go back to', { reason: base.fault });
    const applied = await restoreUnlessServed(tools, base);
    watch.stop();
    if (applied.kind !== 'proven')
      return log('error', 'the last known good configuration is not proven', applied);
    if (!state) return;
    keep({ attempted: state.attempted, verdict: state.verdict, lastKnownGood: state.lastKnownGood });
    onChange();
  }

  async function lookForDrift(inForce: ConfigBundle): Promise<void> {
    const base = baseOf(settings, inForce);
    // The operator's own file is the operator's to change.
    if ('fault' in base || base.isOperators) return;
    if (!drift.note(await findDrift(tools, base), inForce.drift ?? 'report')) return;
    const applied = await restoreBase(tools, base);
    if (applied.kind === 'proven') drift.mended();
    else log('error', 'a drift is not undone yet', applied);
  }

  /** A newer one that came meanwhile stays undecided. */
  function decide(bundle: ConfigBundle, verdict: Verdict): void {
    if (!state) return;
    const isNewest = state.attempted === bundle;
    const isSettled = verdict.outcome === 'proven' || verdict.outcome === 'restored';
    if (isSettled) mayBeLive = false;
    keep({
      attempted: state.attempted,
      verdict: isNewest ? verdict : state.verdict,
      lastKnownGood: verdict.outcome === 'proven' ? bundle : state.lastKnownGood,
      ...(state.owesRestore && !isSettled ? { owesRestore: true } : {}),
    });
    const level = verdict.outcome === 'proven' ? 'info' : 'error';
    log(level, `a configuration is ${verdict.outcome}`, { ...refOf(bundle), ...verdict });
    onChange();
  }

  /** What HAProxy runs counts, also where a full disk does not take it: the next look writes it again. */
  function keep(next: ConfigState): void {
    state = next;
    try {
      saveConfigState(settings.configStateFile, next);
      isUnsaved = false;
    } catch (error) {
      if (!isUnsaved)
        log('error', 'the state of the configuration was not written', { reason: (error as Error).message });
      isUnsaved = true;
    }
  }

  function knownGood(): ReturnType<typeof provableOperatorsBase> {
    const good = state === null ? former : state.lastKnownGood;
    return good === null ? provableOperatorsBase(settings) : baseOf(settings, good);
  }

  function useKnownGood(): void {
    const base = knownGood();
    const fault = 'fault' in base ? base.fault : file.use(base, servers);
    if (fault !== null) log('error', 'the last known good configuration was not written', { reason: fault });
  }

  function begin(step: ConfigStep | null): void {
    if (step === null) watch.stop();
    else watch.begin(step);
    if (step === 'write') mayBeLive = true;
    const next = step === null ? 'idle' : phaseOf(step);
    if (next === phase) return;
    phase = next;
    onChange();
  }

  return {
    offer(offered) {
      const isBundle = isConfigBundle(offered);
      const facts = {
        ...settings,
        sha256: sha256Hex,
        verify,
        newest: state?.attempted ?? null,
        floor,
        now: Date.now(),
        parseTime: Date.parse,
      };
      const refused = isBundle
        ? refuseBundle(offered, facts)
        : { refusal: 'malformed' as const, why: 'it does not have the shape of a bundle' };
      rejected = refused && { ...refused, ref: isBundle ? refOf(offered) : null };
      if (refused) log('warn', 'refused a configuration', { ...rejected });
      if (refused || !isBundle || offered.sequence === state?.attempted.sequence) {
        onChange();
        return refused;
      }
      // On disk first: after a crash nothing older may come in its place. What a full disk does not take is offered again.
      const owesRestore = state !== null && (state.owesRestore === true || (isOpen(state) && mayBeLive));
      const next = {
        ...{
          attempted: offered,
          verdict: null,
          lastKnownGood: state === null ? former : state.lastKnownGood,
        },
        ...(owesRestore ? { owesRestore } : {}),
      };
      saveConfigState(settings.configStateFile, next);
      state = next;
      void settle();
      return null;
    },
    settle,
    status: () => ({ state, rejected, phase, timings: watch.times(), waiting }),
  };
}

/** Neither proven nor taken back nor refused. */
function isOpen({ verdict }: ConfigState): boolean {
  return verdict === null || verdict.outcome === 'failed';
}

export function refOf({ revision, sequence, hash }: ConfigBundle): ConfigRef {
  return { revision, sequence, hash };
}

function verdictOf(applied: Applied, timings: Verdict['timings']): Verdict | null {
  switch (applied.kind) {
    case 'proven':
      return { outcome: 'proven', failedStep: null, failure: null, timings };
    case 'refused':
      return { outcome: 'refused', failedStep: applied.step, failure: applied.why, timings };
    case 'unproven':
      return { outcome: 'failed', failedStep: applied.step, failure: applied.why, timings };
    case 'waiting':
    case 'superseded':
      return null;
  }
}

function phaseOf(step: ConfigStep): ConfigPhase {
  switch (step) {
    case 'verify':
    case 'check':
    case 'wait':
      return 'checking';
    case 'write':
      return 'writing';
    case 'reload':
      return 'reloading';
    case 'prove':
      return 'proving';
    case 'restore':
      return 'restoring';
  }
}
