import { readFileSync, renameSync } from 'node:fs';
import type { BackendState } from './effective.ts';
import type { Log } from './log.ts';
import { readManaged } from './render.ts';
import type { AgentSettings } from './settings.ts';
import { loadState, saveState, type AgentState } from './state.ts';

/**
 * The state on disk. One that cannot be read is set aside and said so, and each backend that the last written configuration names
 * is treated as safe: what was on trial is taken off until the API has heard of it.
 */
export function recoverState(settings: AgentSettings, log: Log): AgentState {
  const { value, fault } = loadState(settings.stateFile);
  if (value) return value;
  if (fault === null) return {};
  const aside = `${settings.stateFile}.refused-${Date.now()}`;
  renameSync(settings.stateFile, aside);
  log('error', 'the state on disk was refused; every canary is taken off', { reason: fault, keptAs: aside });
  const safe = safeState(settings.config);
  // So that whoever looks next, a verb or the agent, finds the same.
  saveState(settings.stateFile, safe);
  return safe;
}

function safeState(config: string): AgentState {
  const text = readOr(config);
  const states = readManaged(text).map(({ backend, token, stable, canary }): [string, BackendState] => {
    const servers = serversOf(text, backend);
    const at = new Date().toISOString();
    const reason = 'the state of the agent could not be read';
    const trip = { backend, token, cause: 'lease-lost' as const, at, reason, acknowledged: false };
    return [
      backend,
      {
        desired: { backend, token, servers, stable, canary },
        trip: canary === null ? null : trip,
        managed: true,
        leaseUntil: null,
      },
    ];
  });
  return Object.fromEntries(states);
}

/** The server lines that the agent itself wrote; a server is named after its version and a number. */
function serversOf(config: string, backend: string): BackendState['desired']['servers'] {
  const start = config.indexOf(`# holdfast: begin {"backend":${JSON.stringify(backend)},`);
  const block = config.slice(start, config.indexOf('# holdfast: end', start));
  return [...block.matchAll(/^\s*server (\S+) (\S+) weight (\d+) /gm)].map(([, name, address, weight]) => ({
    name: name ?? '',
    version: (name ?? '').replace(/-\d+$/, ''),
    address: address ?? '',
    weight: Number(weight),
    healthPath: '/',
  }));
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
