import type { FleetProxy } from '../../contracts/proxy-enrollment.ts';
import type { Cli } from '../context.ts';
import { pagesOf } from '../pages.ts';
import { table } from '../table.ts';
import { agentText, conditionOf, proxyText } from './proxy-text.ts';

export async function listProxies(
  cli: Cli,
  _args: readonly string[],
  flags: { env?: string },
): Promise<void> {
  const items: FleetProxy[] = [];
  const query = { environment: flags.env };
  for await (const proxy of pagesOf<FleetProxy>(cli, cli.path('fleet'), query)) items.push(proxy);
  cli.out.data(items, () =>
    items.length === 0
      ? 'no proxies; invite one: holdfast proxy enroll NAME'
      : table([
          ['PROXY', 'ENVIRONMENT', 'REGION', 'STATE', 'ORDERED', 'RUNS', 'HAPROXY', 'AGENT', 'HEARD'],
          ...items.map((proxy) => [
            ...[proxy.proxy, proxy.environment, proxy.region ?? '-', conditionOf(proxy)],
            ...[proxy.desired, proxy.running].map((ref) => ref?.revision.slice(0, 12) ?? '-'),
            ...[proxy.haproxyVersion ?? '-', agentText(proxy), proxy.reportedAt ?? 'never'],
          ]),
        ]),
  );
}

export async function showProxy(cli: Cli, [name = '']: readonly string[]): Promise<void> {
  const proxy = await cli.api.get<FleetProxy>(cli.path(`fleet/${encodeURIComponent(name)}`));
  cli.out.data(proxy, () => proxyText(proxy));
}
