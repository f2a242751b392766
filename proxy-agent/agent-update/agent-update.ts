import type { AgentUpdateOutcome, AgentUpdateReport } from '../../contracts/agent-update-report.ts';
import { longestRelease, type AgentOrder } from '../../contracts/agent-update.ts';
import {
  refuseAgentOrder,
  refuseRelease,
  type OrderRefused,
} from '../../domain/agent-update/refuse-order.ts';
import { pause } from '../back-off.ts';
import { createBell } from '../bell.ts';
import type { ConfigControl } from '../config-bundle/config-control.ts';
import { sha256Hex } from '../config-bundle/sha256-hex.ts';
import { verifyWithKeysIn } from '../config-bundle/trusted-keys.ts';
import type { ControlPlane } from '../control-plane.ts';
import { replaceFile } from '../files.ts';
import type { Log } from '../log.ts';
import type { AgentSettings } from '../settings.ts';
import type { Turns } from '../turns.ts';
import { formerProgram } from './choose-program.ts';
import type { HandOver } from './hand-over.ts';
import { isAgentOrder } from './order-shape.ts';
import { readVerdict } from './trial-verdict.ts';
import { tryRelease } from './try-release.ts';
import {
  ended,
  forgetReleases,
  isRelease,
  loadUpdate,
  releaseFile,
  saveUpdate,
  type Release,
  type Trial,
} from './update-state.ts';

/** Keeps this program the one that the control plane has ordered. */
export interface AgentUpdate {
  /** What is told of the newest order; undefined: there was none. */
  report(): AgentUpdateReport | undefined;
  /** A report was answered, with the sequence of the newest order. */
  told(sequence: number | null): void;
  /** Works until the signal. */
  follow(signal: AbortSignal): Promise<void>;
}

interface Parts {
  readonly settings: AgentSettings;
  /** The file that this process runs. */
  readonly program: string;
  readonly plane: ControlPlane;
  readonly control: ConfigControl;
  readonly turns: Turns;
  readonly isReachable: () => boolean;
  readonly log: Log;
  /** There is something new to tell. */
  readonly onChange: () => void;
  /** Ends the run, for another program to take over. */
  readonly leave: (next: HandOver) => void;
}

const lookMs = 250;
const askAgainMs = 5000;

export function createAgentUpdate(parts: Parts): AgentUpdate {
  const { settings, plane, control, log } = parts;
  const folder = settings.stateFolder;
  const verify = verifyWithKeysIn(settings.configKeys);
  const bell = createBell();
  let state = loadUpdate(folder);
  let rejected: AgentUpdateReport | null = null;
  let ordered = 0;
  let wasAnswered = false;

  function keep(next: typeof state): void {
    saveUpdate(folder, next);
    state = next;
    parts.onChange();
  }

  function conclude(outcome: AgentUpdateOutcome, failure: string | null, from = state): void {
    keep(ended(from, outcome, failure));
    log(outcome === 'running' ? 'info' : 'error', `an agent update is ${outcome}`, { ...state.newest });
  }

  /** Until it is healthy, or the guard says that it is not going to be. */
  async function standTrial(signal: AbortSignal): Promise<void> {
    while (state.trial !== null && isOnTrial(state.trial) && !signal.aborted) {
      try {
        judgeTrial(state.trial);
      } catch (error) {
        // A full disk may have room again in a moment, and is no fault of the release.
        log('error', 'the end of a trial was not written', { reason: (error as Error).message });
        await pause(askAgainMs, signal);
      }
      if (state.trial !== null) await pause(lookMs, signal);
    }
  }

  /** Where its start could not be counted the program before it runs: that says nothing of the release, which waits for the next start. */
  function isOnTrial({ release }: Trial): boolean {
    return isRelease(folder, parts.program) && parts.program.endsWith(`/${release.sha256}.mjs`);
  }

  function judgeTrial({ release, hadHaproxy }: Trial): void {
    if (wasAnswered && (!hadHaproxy || parts.isReachable())) {
      conclude('running', null, { ...state, current: release });
      return forgetReleases(folder, state);
    }
    const verdict = readVerdict(folder, release.sequence);
    if (verdict !== null) goBack(verdict);
  }

  function goBack(why: string): void {
    const program = formerProgram(folder, state);
    conclude('restored', why);
    if (program !== null) parts.leave({ program, guard: null });
  }

  async function take(signal: AbortSignal): Promise<void> {
    const order = await plane.agentOrder(signal);
    const refused = refusalOf(order);
    if (refused) return reject(order, refused);
    if (!isAgentOrder(order)) return;
    rejected = null;
    const isKnown = state.newest?.sequence === order.sequence && state.newest.outcome !== null;
    if (isKnown) return;
    const { sequence, version, sha256 } = order;
    const release = { sequence, version, sha256 };
    // On disk first: after a crash nothing older may come in its place.
    keep({ ...state, newest: { ...release, outcome: null, failure: null } });
    if (state.current?.sha256 === sha256) return conclude('running', null, { ...state, current: release });
    const failure = await fetchRelease(order, signal);
    if (failure) return conclude('refused', `${failure.refusal}: ${failure.why}`);
    const fault = await tryRelease(releaseFile(folder, release), signal);
    if (signal.aborted) return;
    if (fault !== null) return conclude('failed', fault);
    await leaveWhenIdle(release, signal);
  }

  function refusalOf(order: unknown): OrderRefused | null {
    if (!isAgentOrder(order)) return { refusal: 'malformed', why: 'it does not have the shape of an order' };
    return refuseAgentOrder(order, {
      ...{ project: settings.project, proxy: settings.proxy, verify, now: Date.now(), parseTime: Date.parse },
      ...{ highest: state.newest?.sequence ?? 0, longest: longestRelease },
    });
  }

  function reject(order: unknown, { refusal, why }: OrderRefused): void {
    const { sequence, version } = isAgentOrder(order) ? order : { sequence: ordered, version: 'unknown' };
    rejected = { sequence, version, outcome: 'refused', failure: `${refusal}: ${why}` };
    log('warn', 'refused an agent update', { ...rejected });
    // What may be right later is asked for again with the next report.
    if (refusal === 'not-yet-valid' || refusal === 'unknown-key') ordered = 0;
    parts.onChange();
  }

  async function fetchRelease(order: AgentOrder, signal: AbortSignal): Promise<OrderRefused | null> {
    const text = await plane.agentRelease(order.sha256, signal);
    const came = { size: Buffer.byteLength(text), sha256: sha256Hex(text) };
    const refused = refuseRelease(order, came);
    if (!refused) replaceFile(releaseFile(folder, order), text);
    return refused;
  }

  /** Not in the midst of a configuration, nor of a command to HAProxy. */
  async function leaveWhenIdle(release: Release, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const left = await parts.turns(async () => {
        const { phase, state: config } = control.status();
        if (phase !== 'idle' || (config !== null && config.verdict === null) || signal.aborted) return false;
        const installed = isRelease(folder, parts.program) ? state.installed : parts.program;
        const guard = parts.program;
        keep({ ...state, installed, trial: { release, starts: 1, hadHaproxy: parts.isReachable() } });
        log('info', 'hands over to another release', { ...release });
        parts.leave({ program: releaseFile(folder, release), guard });
        return true;
      });
      if (left) return;
      await pause(lookMs, signal);
    }
  }

  return {
    report() {
      const newest = rejected ?? state.newest;
      if (newest === null) return undefined;
      const { sequence, version, outcome, failure } = newest;
      // What nobody has signed may be long, and would keep the whole report from being taken.
      return { sequence, version: version.slice(0, 100), outcome, failure: failure?.slice(0, 1000) ?? null };
    },
    told(sequence) {
      wasAnswered = true;
      if (sequence === null || sequence === ordered) return;
      ordered = sequence;
      bell.ring();
    },
    async follow(signal) {
      await standTrial(signal);
      let failures = 0;
      while (!signal.aborted) {
        await bell.heard(signal);
        if (signal.aborted) return;
        try {
          await take(signal);
          failures = 0;
        } catch (error) {
          if (signal.aborted) return;
          failures += 1;
          if (failures === 1)
            log('warn', 'an agent update was not fetched', { reason: (error as Error).message });
          await pause(askAgainMs, signal);
          bell.ring();
        }
      }
    },
  };
}
