import type { Config } from '../../config.ts';
import { isPortFree, wishedOrFreePort, wishedOrFreeUdpPort } from '../net/ports.ts';
import { frontendAddress } from './haproxy-base.ts';
import type { Ports, StackRecord } from './record.ts';

export interface PortChoice {
  readonly ports: Ports;
  /** One line for each port that differs from the wish. */
  readonly notes: readonly string[];
}

/** The configured ports where they are free, else what this stack used before, else any free ones. */
export async function choosePorts(config: Config, before: StackRecord | null): Promise<PortChoice> {
  const notes: string[] = [];
  const taken = new Set<number>();
  async function choose(
    what: string,
    wish: number,
    earlier: number | undefined,
    host?: string,
  ): Promise<number> {
    const wished = [wish, earlier].filter((port) => port !== undefined && !taken.has(port)) as number[];
    const port = (await firstFree(wished, host)) ?? (await wishedOrFreePort(0));
    taken.add(port);
    if (port !== wish) notes.push(`port ${wish} is taken: ${what} listens on ${port}`);
    return port;
  }
  const frontend = await frontendAddress(config.haproxy.baseConfig);
  const ports: Ports = {
    api: await choose('the API', config.api.port, before?.ports.api, config.api.host),
    temporal: await choose('Temporal', config.temporal.port, before?.ports.temporal),
    ui: await choose('the Temporal UI', config.temporal.uiPort, before?.ports.ui),
    // An operator's file says where its frontend listens: that is not ours to change.
    frontend: frontend?.port ?? (await choose('HAProxy', config.haproxy.frontendPort, undefined)),
    metrics: await choose('the worker', config.worker.metricsPort, before?.ports.metrics),
    sdkMetrics: await choose("the SDK's metrics", config.worker.sdkMetricsPort, before?.ports.sdkMetrics),
    agentLog: await wishedOrFreeUdpPort(config.agent.logPort),
  };
  return { ports, notes };
}

async function firstFree(wished: readonly number[], host?: string): Promise<number | null> {
  for (const port of wished) if (await isPortFree(port, host)) return port;
  return null;
}
