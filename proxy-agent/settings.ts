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
  /** Where bundles that bind the address `node` listen; `*`: everywhere. */
  readonly nodeAddress: string;
  /** What of the requests is counted together. */
  readonly windowMs: number;
  /** How many requests of a window are told as a sample; 0: none. */
  readonly sampledRequests: number;
  /** Where the verb `enroll` notes that it is done, and what with. */
  readonly enrolmentFile: string;
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
  /** How long a new release of the agent may take to become healthy. */
  readonly trialMs: number;
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
    nodeAddress: agent.nodeAddress,
    windowMs: agent.windowMs,
    sampledRequests: agent.sampledRequests,
    enrolmentFile: join(agent.state, 'enrolment.json'),
    stateFolder: agent.state,
    keyFile: apiKey.file,
    stateFile: join(agent.state, 'state.json'),
    leaseFile: join(agent.state, 'leases.json'),
    stopFile: join(agent.state, 'stopped.json'),
    configStateFile: join(agent.state, 'config.json'),
    configKeys: agent.configKeys,
    reloadTimes,
    trialMs: agent.trialMs,
  };
}

/** Only `run` talks to the API; every other verb works with it dead. */
export function readApiUrl(env: Environment): URL {
  return new URL(requireApiUrl(loadConfig(env)));
}
