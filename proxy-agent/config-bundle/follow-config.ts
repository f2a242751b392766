import { backOffMs, pause } from '../back-off.ts';
import type { Bell } from '../bell.ts';
import type { ControlPlane } from '../control-plane.ts';
import type { Log } from '../log.ts';
import { refOf, type ConfigControl } from './config-control.ts';
import type { DriftWatch } from './drift-watch.ts';
import { configReport } from './config-report.ts';
import type { ReloadTarget } from './reload.ts';

interface Loops {
  readonly control: ConfigControl;
  readonly drift: DriftWatch;
  readonly plane: ControlPlane;
  readonly target: ReloadTarget;
  readonly log: Log;
  /** Rings when there is something to tell. */
  readonly bell: Bell;
  readonly signal: AbortSignal;
}

const pollWaitMs = 25_000;
const askAgainMs = 5000;
const settleMs = 2000;
const tellMs = 10_000;

/** Takes configurations from the control plane and tells what became of them, for ever; without it HAProxy stays as it is. */
export async function followConfig(loops: Loops): Promise<void> {
  await Promise.all([takeOffers(loops), settleEachTime(loops), tell(loops)]);
}

async function takeOffers({ control, plane, log, signal }: Loops): Promise<void> {
  let tag = tagOf(control);
  let failures = 0;
  while (!signal.aborted) {
    try {
      const waitMs = Math.round(pollWaitMs * (0.8 + Math.random() / 5));
      const answer = await plane.config(tag, waitMs, signal);
      failures = 0;
      if (answer.kind === 'none') await pause(askAgainMs * (0.5 + Math.random() / 2), signal);
      if (answer.kind !== 'offered') continue;
      const refused = control.offer(answer.offered);
      // What was refused is not asked for again, but for what may be right later.
      tag = answer.tag;
      const isForLater = refused?.refusal === 'not-yet-valid' || refused?.refusal === 'unknown-key';
      if (isForLater || tag === null) await pause(askAgainMs, signal);
      if (isForLater) tag = tagOf(control);
    } catch (error) {
      failures += 1;
      if (failures === 1 && !signal.aborted)
        log('warn', 'the API gives no configuration', { reason: (error as Error).message });
      await pause(backOffMs(failures), signal);
    }
  }
}

function tagOf(control: ConfigControl): string | null {
  const { state } = control.status();
  if (!state) return null;
  const { sequence, hash } = refOf(state.attempted);
  return `"${sequence}-${hash}"`;
}

/** Goes on with what had to wait, and notices what changed on the host. */
async function settleEachTime({ control, bell, signal }: Loops): Promise<void> {
  while (!signal.aborted) {
    await control.settle();
    bell.ring();
    await pause(settleMs, signal);
  }
}

/** At once when something changed and every 10 s besides; nothing as long as no configuration ever came. */
async function tell({ control, drift, plane, target, log, bell, signal }: Loops): Promise<void> {
  let told = '';
  let toldAt = -Infinity;
  let failures = 0;
  while (!signal.aborted) {
    await bell.heard(signal);
    const { state, rejected } = control.status();
    if (!state && !rejected) continue;
    const report = await configReport(control.status(), target, drift.current());
    const content = JSON.stringify({ ...report, now: null });
    if (content === told && performance.now() - toldAt < tellMs) continue;
    try {
      await plane.reportConfig(report, signal);
      told = content;
      toldAt = performance.now();
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures === 1 && !signal.aborted)
        log('warn', 'a report on the configuration was not taken', { reason: (error as Error).message });
      await pause(backOffMs(failures), signal);
    }
  }
}
