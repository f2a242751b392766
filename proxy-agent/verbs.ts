import { rmSync } from 'node:fs';
import { OpsError } from '../domain/errors.ts';
import { applyBackend, readBackFault } from './apply.ts';
import { recoverConfig } from './config-bundle/recover-config.ts';
import { operatorsBase, writeConfig } from './config-file.ts';
import { effectiveServers, type BackendState, type Effective } from './effective.ts';
import { createLeases } from './leases.ts';
import { createLog } from './log.ts';
import { reloadHaproxy } from './master.ts';
import { recoverState } from './recover.ts';
import type { RenderedBackend } from './render.ts';
import type { AgentSettings } from './settings.ts';
import { takeSnapshot } from './snapshot.ts';
import { socketAt } from './socket.ts';
import { loadStop, saveStop, type AgentState } from './state.ts';

/** Writes the configuration that belongs to the state on disk; before the first start of HAProxy, for example. */
export async function renderVerb(settings: AgentSettings): Promise<string> {
  await write(settings, effectiveStates(settings));
  return `wrote ${settings.config}`;
}

/** Takes every canary off and holds that until `releaseVerb`, with the agent and the API alive or dead. */
export async function stopVerb(
  settings: AgentSettings,
  stop: { reason: string; by: string },
): Promise<string> {
  // First the mark, then the act: an agent that is raising right now looks at the mark after it.
  saveStop(settings.stopFile, { ...stop, at: new Date().toISOString() });
  const states = effectiveStates(settings);
  const [acted] = await Promise.allSettled([act(settings, states)]);
  await write(settings, states);
  if (acted.status === 'rejected') throw acted.reason;
  const names = states.filter(({ state }) => state.managed).map(({ backend }) => backend);
  return `stopped: ${names.join(', ') || 'no backend is managed yet'}; holds until release`;
}

/** Lets the desired state count again; the agent applies it within a second. */
export function releaseVerb(settings: AgentSettings, reason: string): string {
  const stop = loadStop(settings.stopFile);
  if (!stop) return 'no local stop holds';
  rmSync(settings.stopFile, { force: true });
  createLog(settings.proxy)('warn', 'released a local stop', { stopped: stop, reason });
  return `released the stop of ${stop.at} by ${stop.by}`;
}

/** Takes a changed base configuration into use. Throws when it is not valid or the new worker does not come up. */
export async function reloadVerb(settings: AgentSettings): Promise<string> {
  await write(settings, effectiveStates(settings));
  const { pid, ms } = await reloadHaproxy(settings.masterSocket, settings.socket);
  return `reloaded: worker ${pid} answers after ${ms} ms`;
}

/** What is wanted, what holds it back, and what HAProxy says. */
export async function statusVerb(settings: AgentSettings): Promise<string> {
  const snapshot = await takeSnapshot(socketAt(settings.socket)).catch(() => null);
  const backends = effectiveStates(settings).map(({ backend, state, effective }) => ({
    backend,
    token: state.desired.token,
    stable: state.desired.stable,
    canary: state.desired.canary,
    held: effective.held,
    servers: snapshot?.servers.filter((row) => row.backend === backend) ?? [],
  }));
  const status = {
    proxy: settings.proxy,
    reachable: snapshot !== null,
    haproxyVersion: snapshot?.version ?? null,
    stopped: loadStop(settings.stopFile),
    backends,
  };
  return JSON.stringify(status, null, 2);
}

interface Evaluated {
  readonly backend: string;
  readonly state: BackendState;
  readonly effective: Effective;
}

/** What may be applied by the state on disk, the leases on disk and the local stop. */
function effectiveStates(settings: AgentSettings): Evaluated[] {
  const states: AgentState = recoverState(settings, createLog(settings.proxy));
  const stop = loadStop(settings.stopFile);
  const leases = createLeases(settings.leaseFile, states, nothing, nothing);
  leases.stop();
  return Object.entries(states).map(([backend, state]) => {
    const leaseLeftMs = leases.left(backend, state.desired.token);
    return { backend, state, effective: effectiveServers(state, { stop, leaseLeftMs }) };
  });
}

function nothing(): void {
  return;
}

async function act(settings: AgentSettings, states: readonly Evaluated[]): Promise<void> {
  const ask = socketAt(settings.socket);
  for (const { backend, state, effective } of states) {
    if (!state.managed) continue;
    await applyBackend(ask, await takeSnapshot(ask), backend, effective.servers, () => true);
    const fault = readBackFault(await takeSnapshot(ask), backend, effective.servers);
    if (fault !== null) throw new OpsError('not-verified', `backend ${backend} is not safe yet: ${fault}`);
  }
}

async function write(settings: AgentSettings, states: readonly Evaluated[]): Promise<void> {
  const rendered: RenderedBackend[] = states
    .filter(({ state }) => state.managed)
    .map(({ backend, state: { desired }, effective: { servers } }) => {
      return { backend, token: desired.token, stable: desired.stable, canary: desired.canary, servers };
    });
  const base = recoverConfig(settings, createLog(settings.proxy)).base ?? operatorsBase(settings);
  const fault = await writeConfig(settings, base, rendered);
  if (fault !== null) throw new OpsError('start-failed', `the configuration was not written: ${fault}`);
}
