import type { Config } from '../../config.ts';
import { OpsError } from '../../domain/errors.ts';
import { holdName } from '../net/hold-name.ts';
import { freePort, freeUdpPort, isPortFree, isUdpPortFree } from '../net/ports.ts';
import { frontendAddress, isAsWritten } from './haproxy-base.ts';
import type { Ports, StackRecord } from './record.ts';
import { processesOfPart } from './survivors.ts';

export interface PortChoice {
  readonly ports: Ports;
  /** One line for each port that differs from the wish. */
  readonly notes: readonly string[];
}

/** The configured ports where they are free, else what this stack used before, else any free ones. */
export async function choosePorts(config: Config, before: StackRecord | null): Promise<PortChoice> {
  const notes: string[] = [];
  async function choose(
    what: string,
    wish: number,
    earlier: number | undefined,
    host?: string,
  ): Promise<number> {
    const port = (await firstOurs([wish, earlier ?? wish], host)) ?? (await anyOurs());
    if (port !== wish) notes.push(`port ${wish} is taken: ${what} listens on ${port}`);
    return port;
  }
  const ports: Ports = {
    api: await choose('the API', config.api.port, before?.ports.api, config.api.host),
    temporal: await choose('Temporal', config.temporal.port, before?.ports.temporal),
    ui: await choose('the Temporal UI', config.temporal.uiPort, before?.ports.ui),
    frontend:
      (await frontendOfFile(config)) ?? (await choose('HAProxy', config.haproxy.frontendPort, undefined)),
    metrics: await choose('the worker', config.worker.metricsPort, before?.ports.metrics),
    sdkMetrics: await choose("the SDK's metrics", config.worker.sdkMetricsPort, before?.ports.sdkMetrics),
    agentLog: await chooseUdp([before?.ports.agentLog ?? config.agent.logPort, config.agent.logPort]),
  };
  return { ports, notes };
}

/**
 * Where the operator's file says that the frontend listens, which is not ours to change. null while the file is as we wrote it
 * and the port is taken, or without a file. HAProxy shares a port with whoever lets it, so that has to be looked at here.
 */
async function frontendOfFile({ home, haproxy }: Config): Promise<number | null> {
  const frontend = await frontendAddress(haproxy.baseConfig);
  if (frontend === null) return null;
  const { host, port } = frontend;
  // Our own HAProxy may have outlived its supervisor.
  const isFree = processesOfPart(home, 'haproxy').length > 0 || (await isPortFree(port, host));
  if (isFree && (await holdName(`port-${port}`))) return port;
  if (await isAsWritten(haproxy.baseConfig, { frontendPort: port, socket: haproxy.socket })) return null;
  throw new OpsError(
    'unavailable',
    `port ${port} of ${haproxy.baseConfig} is taken; end what listens there, or change the bind line`,
  );
}

async function firstOurs(wished: readonly number[], host?: string): Promise<number | null> {
  for (const port of wished) {
    // The name keeps two stacks that start at once from choosing the same port before either listens on it.
    if ((await isPortFree(port, host)) && (await holdName(`port-${port}`))) return port;
  }
  return null;
}

/** What was used before comes first: a HAProxy that outlived its supervisor still logs there. */
async function chooseUdp(wished: readonly number[]): Promise<number> {
  for (const port of [...wished, await freeUdpPort()]) {
    if ((await isUdpPortFree(port)) && (await holdName(`udp-${port}`))) return port;
  }
  return chooseUdp([]);
}

async function anyOurs(): Promise<number> {
  return (await firstOurs([await freePort()])) ?? anyOurs();
}
