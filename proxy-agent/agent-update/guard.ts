import { setTimeout as sleep } from 'node:timers/promises';
import { connectControlPlane } from '../control-plane.ts';
import { createLog } from '../log.ts';
import type { AgentSettings } from '../settings.ts';
import { saveVerdict } from './trial-verdict.ts';
import { loadUpdate } from './update-state.ts';

const lookMs = 500;
const graceMs = 5000;

/**
 * Watches over a trial with the code of the release before it, from a process of its own, since a release that hangs cannot judge
 * itself. The clock of the trial runs only while the control plane answers this guard: with the control plane dead a release stays on
 * trial and serves. A release that is told to go and does not is killed; who started the agent starts the one before.
 */
export async function guardTrial(settings: AgentSettings, api: URL, trialMs: number): Promise<void> {
  const { stateFolder: folder } = settings;
  const parent = process.ppid;
  const log = createLog(settings.proxy);
  const plane = connectControlPlane(api, settings);
  const sequence = loadUpdate(folder).trial?.release.sequence;
  const isOnTrial = (): boolean =>
    process.ppid === parent &&
    sequence !== undefined &&
    loadUpdate(folder).trial?.release.sequence === sequence;
  let spentMs = 0;
  while (isOnTrial() && spentMs < trialMs) {
    const begin = performance.now();
    const answers = await plane.desiredState(-1, 0, AbortSignal.timeout(2000)).then(
      () => true,
      () => false,
    );
    await sleep(lookMs);
    if (answers) spentMs += performance.now() - begin;
  }
  if (!isOnTrial() || sequence === undefined) return;
  const why = `it was not healthy within ${Math.round(trialMs / 1000)} s in which the control plane answered`;
  saveVerdict(folder, sequence, why);
  await sleep(graceMs);
  if (!isOnTrial()) return;
  log('error', 'a release on trial does not answer and is killed', { sequence, why });
  process.kill(parent, 'SIGKILL');
}
