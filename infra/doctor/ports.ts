import type { Config } from '../../config.ts';
import type { SettingName } from '../../settings.ts';
import { isPortFree } from '../net/ports.ts';
import { holderOfPort } from '../process/port-holder.ts';
import { healthy, wrong, type Finding } from './finding.ts';

/** With the stack down, the ports it is going to ask for; a running stack holds its own. */
export async function checkPorts(config: Config): Promise<Finding[]> {
  const wished: readonly (readonly [string, number, SettingName])[] = [
    ['api', config.api.port, 'HOLDFAST_API_PORT'],
    ['worker', config.worker.metricsPort, 'HOLDFAST_METRICS_PORT'],
    ['sdk metrics', config.worker.sdkMetricsPort, 'HOLDFAST_SDK_METRICS_PORT'],
    ['frontend', config.haproxy.frontendPort, 'HOLDFAST_FRONTEND_PORT'],
    ...(config.temporal.address === null
      ? ([
          ['temporal', config.temporal.port, 'HOLDFAST_TEMPORAL_PORT'],
          ['temporal ui', config.temporal.uiPort, 'HOLDFAST_UI_PORT'],
        ] as const)
      : []),
  ];
  return Promise.all(wished.map(([name, port, setting]) => checkPort(name, port, setting)));
}

async function checkPort(name: string, port: number, setting: SettingName): Promise<Finding> {
  const title = `port of ${name}`;
  if (await isPortFree(port)) return healthy(title);
  const holder = await holderOfPort(port);
  const by = holder === null ? 'another process' : `${holder.command} (pid ${holder.pid})`;
  return wrong(title, `port ${port} is taken by ${by}`, `end it, or set ${setting} to a free port`);
}
