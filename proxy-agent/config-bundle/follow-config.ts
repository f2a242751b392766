import type { ConfigRefusal } from '../../contracts/config-bundle.ts';
import type { AgentUpdate } from '../agent-update/agent-update.ts';
import { backOffMs, pause } from '../back-off.ts';
import type { Bell } from '../bell.ts';
import type { ControlPlane } from '../control-plane.ts';
import type { Log } from '../log.ts';
import { refOf, type ConfigControl } from './config-control.ts';
import type { DriftWatch } from './drift-watch.ts';
import { configReport } from './config-report.ts';
import type { ReloadTarget } from './reload.ts';
import { tellable } from './tellable.ts';
import { OpsError } from '../../domain/errors.ts';
import type { WindowBuffer } from '../windows/window-buffer.ts';

interface Loops {
  readonly control: ConfigControl;
  readonly drift: DriftWatch;
  readonly plane: ControlPlane;
  readonly target: ReloadTarget;
  readonly log: Log;
  /** Rings when there is something to tell. */
  readonly bell: Bell;
  readonly windows: WindowBuffer;
  /** Whether the control plane knows this proxy, so that it is told also before any configuration came. */
  readonly isEnrolled: () => boolean;
  readonly update: Pick<AgentUpdate, 'report' | 'told'>;
  readonly signal: AbortSignal;
}

const pollWaitMs = 25_000;
const askAgainMs = 5000;
const settleMs = 2000;
const tellMs = 10_000;
/** For so long an order is new: somebody may be waiting to judge it. */
const newMs = 60_000;
/** Of a whole report; only a text that drift policy adopt tells may make it larger. */
const reportBytes = 16_000;

/** What may be right when it is asked for again: keys change, clocks are put right, and each answer is signed anew. */
const forLater: readonly ConfigRefusal[] = ['not-yet-valid', 'expired', 'unknown-key'];

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
      const isForLater = refused !== null && forLater.includes(refused.refusal);
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

/** At once when something changed and every 10 s besides, of a new order each window as it closes; nothing before a configuration came or the proxy enrolled. */
async function tell(loops: Loops): Promise<void> {
  const { control, drift, plane, target, windows, update, log, bell, signal } = loops;
  let told = '';
  let toldAt = -Infinity;
  let isBehind = false;
  let failures = 0;
  let runs: number | null = null;
  let runsSince = -Infinity;
  while (!signal.aborted) {
    await bell.heard(signal);
    const { state, rejected } = control.status();
    if (!state && !rejected && !loops.isEnrolled()) continue;
    const agentUpdate = update.report();
    const proxied = await configReport(control.status(), target, drift.current());
    const report = tellable(agentUpdate === undefined ? proxied : { ...proxied, agentUpdate });
    const content = JSON.stringify({ ...report, now: null });
    const now = performance.now();
    const sequence = report.running?.sequence ?? null;
    if (sequence !== null && sequence !== runs) [runs, runsSince] = [sequence, now];
    const isAwaited = windows.size > 0 && now - runsSince < newMs;
    if (content === told && now - toldAt < tellMs && !isBehind && !isAwaited) continue;
    const batch = windows.next(reportBytes - Buffer.byteLength(content));
    try {
      update.told(await plane.reportConfig({ ...report, windows: [...batch] }, signal));
      windows.done(batch);
      isBehind = windows.size > 0;
      if (isBehind) bell.ring();
      told = content;
      toldAt = performance.now();
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures === 1 && !signal.aborted)
        log('warn', 'a report on the configuration was not taken', { reason: (error as Error).message });
      // What the API calls wrong would be wrong for ever, and keep all later ones from getting through.
      if (error instanceof OpsError && error.code === 'invalid-input') windows.done(batch);
      await pause(backOffMs(failures), signal);
    }
  }
}
