import { join } from 'node:path';
import { loadConfig, requireApiUrl } from '../config.ts';
import type { ReloadTimes } from './config-bundle/reload.ts';

/** What one agent needs to know; every path is absolute. */
export interface AgentSettings {
  readonly proxy: string;
  readonly project: string;
  readonly environment: string;
  readonly haproxy: string;
  /** The operator's own configuration: read, never written. */
  readonly baseConfig: string;
  /** What HAProxy is started with: written by the agent alone. */
  readonly config: string;
  readonly socket: string;
  readonly masterSocket: string;
  readonly logPort: number;
  readonly stateFile: string;
  readonly leaseFile: string;
  readonly stopFile: string;
  readonly configStateFile: string;
  /** Public keys of those who may sign configurations. */
  readonly configKeys: string;
  readonly stateFolder: string;
  /** The file of the key that the API knows this agent by. */
  readonly keyFile: string;
  readonly reloadTimes: ReloadTimes;
}

/** A reload takes 60 to 140 ms here; 2.6 is deaf for 2.1 s after one that failed. */
const reloadTimes = { liveMs: 3000, readyMs: 10_000, pollMs: 20, mostOldWorkers: 16 };

type Environment = Readonly<Record<string, string | undefined>>;

export function readSettings(env: Environment): AgentSettings {
  const { haproxy, agent, apiKey, project } = loadConfig(env);
  return {
    proxy: agent.proxy,
    project,
    environment: agent.environment,
    haproxy: haproxy.binary ?? 'haproxy',
    baseConfig: haproxy.baseConfig,
    config: haproxy.config,
    socket: haproxy.socket,
    masterSocket: haproxy.masterSocket,
    logPort: agent.logPort,
    stateFolder: agent.state,
    keyFile: apiKey.file,
    stateFile: join(agent.state, 'state.json'),
    leaseFile: join(agent.state, 'leases.json'),
    stopFile: join(agent.state, 'stopped.json'),
    configStateFile: join(agent.state, 'config.json'),
    configKeys: agent.configKeys,
    reloadTimes,
  };
}

/** Only `run` talks to the API; every other verb works with it dead. */
export function readApiUrl(env: Environment): URL {
  return new URL(requireApiUrl(loadConfig(env)));
}
