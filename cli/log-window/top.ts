import type { LogWindowList } from '../../contracts/log-window.ts';
import type { Cli } from '../context.ts';
import { integerOf } from '../flags.ts';
import { table } from '../table.ts';

interface TopFlags {
  readonly service?: string;
  readonly template?: string;
  readonly from?: string;
  readonly to?: string;
  readonly size?: string;
  readonly limit: string;
}

export async function topTemplates(cli: Cli, _args: readonly string[], flags: TopFlags): Promise<void> {
  const { service, template, from, to, size } = flags;
  const limit = integerOf('--limit', flags.limit);
  const list = await cli.api.get<LogWindowList>(cli.path('log-windows'), {
    ...{ service, template, from, to, size, limit },
  });
  cli.out.data(list, () =>
    list.items.length === 0
      ? `no lines from ${list.from} to ${list.to}`
      : table([
          ['TEMPLATE', 'LINES', 'ERRORS', 'P95', 'USERS', 'LAST', 'TEXT'],
          ...list.items.map(({ template: { id, text }, count, errors, latency, users, lastSeen }) => [
            id,
            String(count),
            String(errors),
            latency === null ? '-' : `${latency.p95} ms`,
            String(users),
            lastSeen,
            text,
          ]),
        ]),
  );
}
