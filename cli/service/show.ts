import type { Service } from '../../contracts/service.ts';
import type { Cli } from '../context.ts';
import { fields, table } from '../table.ts';

interface ServicePage {
  readonly items: Service[];
  readonly next?: string;
}

export async function listServices(cli: Cli): Promise<void> {
  const items: Service[] = [];
  let cursor: string | undefined;
  do {
    const page = await cli.api.get<ServicePage>(cli.path('services'), { limit: 200, cursor });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  cli.out.data(items, () =>
    items.length === 0
      ? 'no services; register one: holdfast service register FILE'
      : table([
          ['SERVICE', 'STABLE', 'PREVIOUS', 'RUNTIME', 'BACKEND', 'STOPPED'],
          ...items.map((service) => [
            service.name,
            service.stableVersion ?? '-',
            service.previousVersion ?? '-',
            service.start.runtime,
            `${service.traffic.proxy}/${service.traffic.backend}`,
            service.stopped?.reason ?? '-',
          ]),
        ]),
  );
}

export async function showService(cli: Cli, [name]: readonly string[]): Promise<void> {
  const service = await cli.api.get<Service>(cli.path(`services/${name}`));
  cli.out.data(service, () => serviceText(service));
}

export async function removeService(cli: Cli, [name]: readonly string[]): Promise<void> {
  await cli.api.delete(cli.path(`services/${name}`));
  cli.out.data({ removed: name }, () => `${name} is removed; its runs stay: holdfast runs list`);
}

export function serviceText(service: Service): string {
  const { start } = service;
  const warm = service.warmUntil === null ? '' : `, warm until ${service.warmUntil}`;
  return fields([
    ['service', service.name],
    ['stable', service.stableVersion ?? 'nothing yet: the first release is not compared'],
    ['previous', service.previousVersion === null ? '-' : `${service.previousVersion}${warm}`],
    ['starts as', start.runtime === 'process' ? start.command.join(' ') : `image ${start.image}`],
    ['instances', String(service.instances)],
    ['traffic', `${service.traffic.provider} ${service.traffic.proxy}/${service.traffic.backend}`],
    ['health', `GET ${service.health.path} within ${service.health.timeoutMs} ms`],
    ['plan', service.plan === null ? 'the default: 10, 25, 50, 100 %' : JSON.stringify(service.plan)],
    ['stopped', service.stopped === null ? 'no' : `by ${service.stopped.by}: ${service.stopped.reason}`],
  ]);
}
