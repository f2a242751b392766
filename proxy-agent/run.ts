import { mkdirSync, watch } from 'node:fs';
import { basename } from 'node:path';
import { OpsError } from '../domain/errors.ts';
import { createAgent, type Agent } from './agent.ts';
import { createAgentUpdate } from './agent-update/agent-update.ts';
import type { HandOver } from './agent-update/hand-over.ts';
import { backOffMs, pause } from './back-off.ts';
import { createBell, type Bell } from './bell.ts';
import { createConfigControl } from './config-bundle/config-control.ts';
import { createDriftWatch } from './config-bundle/drift-watch.ts';
import { followConfig } from './config-bundle/follow-config.ts';
import { proofSocket } from './config-bundle/proof.ts';
import { recoverConfig } from './config-bundle/recover-config.ts';
import type { ReloadTarget } from './config-bundle/reload.ts';
import { connectControlPlane, type ControlPlane } from './control-plane.ts';
import { createLiveFile } from './live-file.ts';
import { lockState } from './lock-state.ts';
import { createLog, type Log } from './log.ts';
import { listenToLog } from './log-listener.ts';
import { watchPauses, type PauseWatch } from './pause-watch.ts';
import { createSampleBuffer, type SampleBuffer } from './sample-buffer.ts';
import { readEnrolment } from './enrolment.ts';
import type { AgentSettings } from './settings.ts';
import { socketAt } from './socket.ts';
import { createTurns } from './turns.ts';
import { countWindows } from './windows/count-windows.ts';
import type { LoggedRequest } from './windows/logged-request.ts';
import { createWindowBuffer } from './windows/window-buffer.ts';

const pollWaitMs = 25_000;

/** Who runs, where the control plane is, and until when. */
export interface Run {
  readonly settings: AgentSettings;
  readonly api: URL;
  /** The file that this process runs. */
  readonly program: string;
  readonly signal: AbortSignal;
}

/**
 * Runs until the signal, or until another program is to take over, which is answered; HAProxy is left as it is then. Throws `conflict`
 * when another agent works on the same state.
 */
export async function runAgent({ settings, api, program, signal: end }: Run): Promise<HandOver | null> {
  let next: HandOver | null = null;
  const leaving = new AbortController();
  const signal = AbortSignal.any([end, leaving.signal]);
  const log = createLog(settings.proxy);
  mkdirSync(settings.stateFolder, { recursive: true });
  const unlock = await lockState(settings.stateFolder);
  let onRequest: (request: LoggedRequest) => void = () => undefined;
  const hear = listenToLog(settings.logPort, log, (request) => onRequest(request));
  const pauses = watchPauses();
  const bell = createBell();
  const recovered = recoverConfig(settings, log);
  const file = createLiveFile(settings, recovered.base);
  const turns = createTurns();
  const configBell = createBell();
  const drift = createDriftWatch(log, configBell.ring);
  const agent = createAgent({
    ...{ settings, file, turns, hear, log },
    ...{ onChange: bell.ring, onUndone: drift.undone },
  });
  const target = reloadTarget(settings);
  const { servers, reconcile } = agent;
  const control = createConfigControl({
    ...{ settings, recovered, file, turns, target, drift, log },
    ...{ servers, reconcile, onChange: configBell.ring },
  });
  const windows = createWindowBuffer();
  const isEnrolled = (): boolean => readEnrolment(settings.enrolmentFile).kind === 'enrolled';
  const counter = countWindows({
    ...{ windowMs: settings.windowMs, sampled: settings.sampledRequests, buffer: windows },
    sequence: () => control.status().state?.lastKnownGood?.sequence ?? null,
    isTold: () => control.status().state !== null || isEnrolled(),
  });
  onRequest = (request) => counter.add(request);
  const plane = connectControlPlane(api, settings);
  const update = createAgentUpdate({
    ...{ settings, program, plane, control, turns, log, onChange: configBell.ring },
    isReachable: () => agent.report().reachable,
    leave: (other) => {
      next = other;
      leaving.abort();
    },
  });
  const loops: Loops = { agent, plane, log, pauses, signal };
  const stopName = basename(settings.stopFile);
  const watcher = watch(settings.stateFolder, (_, name) => {
    if (name === stopName) void agent.reconcile();
  });
  // What the disk knows is enforced before anybody is asked: a lease may have run out while no agent ran. Counting starts here.
  await agent.look(Math.floor(Date.now() / 1000) - 1);
  log('info', 'started', { api: api.origin, socket: settings.socket, pid: process.pid });
  try {
    const samples = createSampleBuffer();
    await Promise.all([
      followDesired(loops),
      lookEachSecond(loops, samples, bell.ring),
      sendReports(loops, samples, bell),
      followConfig({ ...loops, control, drift, target, windows, update, isEnrolled, bell: configBell }),
      update.follow(signal),
    ]);
    // An apply that began meanwhile comes to its end first.
    await control.settle();
  } finally {
    leaving.abort();
    watcher.close();
    counter.stop();
    pauses.stop();
    agent.stop();
    hear.close();
    unlock();
    log('info', 'stopped; HAProxy stays as it is');
  }
  return end.aborted ? null : next;
}

function reloadTarget(settings: AgentSettings): ReloadTarget {
  return {
    master: socketAt(settings.masterSocket),
    runtime: socketAt(settings.socket),
    proofSocket: proofSocket(settings),
    times: settings.reloadTimes,
  };
}

interface Loops {
  readonly agent: Agent;
  readonly plane: ControlPlane;
  readonly log: Log;
  readonly pauses: PauseWatch;
  readonly signal: AbortSignal;
}

async function followDesired({ agent, plane, log, pauses, signal }: Loops): Promise<void> {
  let revision = -1;
  let failures = 0;
  while (!signal.aborted) {
    const round = pauses.begin();
    try {
      const desired = await plane.desiredState(revision, revision < 0 ? 0 : pollWaitMs, signal);
      failures = 0;
      // An answer that waited while this process was stopped tells leases that are long gone.
      if (!round.isFresh()) continue;
      revision = desired.revision;
      agent.accept(desired);
    } catch (error) {
      failures += 1;
      if (failures === 1 && !signal.aborted)
        log('warn', 'the API does not answer', { reason: (error as Error).message });
      await pause(backOffMs(failures), signal);
      // After an absence everything is asked for again: the database may be another one.
      revision = -1;
    }
  }
}

/** Just after each full second, so that a sample is one second of the clock. */
async function lookEachSecond(
  { agent, signal }: Loops,
  samples: SampleBuffer,
  ring: () => void,
): Promise<void> {
  let last = 0;
  while (!signal.aborted) {
    await pause(1000 - (Date.now() % 1000) + 5, signal);
    const second = Math.floor(Date.now() / 1000) - 1;
    // A clock that was ahead and is put right goes back: only the same second is none.
    if (second === last || signal.aborted) continue;
    last = second;
    samples.add(await agent.look(second));
    ring();
  }
}

/** After each look, and at once when something was applied or the agent acted on its own. */
async function sendReports(
  { agent, plane, log, signal }: Loops,
  samples: SampleBuffer,
  bell: Bell,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    await bell.heard(signal);
    const batch = samples.next();
    const sentAt = performance.now();
    const now = new Date().toISOString();
    try {
      const report = { ...agent.report(), samples: [...batch], droppedSamples: samples.dropped, now };
      const answer = await plane.report(report, signal);
      samples.delivered(batch);
      agent.renew(answer, sentAt);
      failures = 0;
      if (samples.size > 0) bell.ring();
    } catch (error) {
      failures += 1;
      if (failures === 1 && !signal.aborted)
        log('warn', 'a report was not taken', { reason: (error as Error).message });
      // Samples that the API calls wrong would be wrong for ever, and keep all later ones from getting through.
      if (error instanceof OpsError && error.code === 'invalid-input') samples.letGo(batch);
      if (failures > 1) await pause(Math.min(1000, backOffMs(failures)), signal);
    }
  }
}
