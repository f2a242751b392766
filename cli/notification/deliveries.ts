import type { NotificationAttempt, NotificationDelivery } from '../../contracts/notification.ts';
import type { Cli } from '../context.ts';
import { integerOf } from '../flags.ts';
import { fields, table } from '../table.ts';

interface ListFlags {
  readonly channel?: string;
  readonly state?: string;
  readonly operation?: string;
  readonly limit: string;
}

export async function listDeliveries(cli: Cli, _args: readonly string[], flags: ListFlags): Promise<void> {
  const { channel, state, operation } = flags;
  const { items } = await cli.api.get<{ items: NotificationDelivery[] }>(
    cli.path('notification-deliveries'),
    {
      channel,
      state,
      operation,
      limit: integerOf('--limit', flags.limit),
    },
  );
  cli.out.data(items, () =>
    items.length === 0
      ? 'no deliveries'
      : table([
          ['ID', 'CHANNEL', 'EVENT', 'STATE', 'ATTEMPTS', 'SUMMARY'],
          ...items.map((delivery) => [
            delivery.id,
            delivery.channel,
            delivery.event,
            delivery.state,
            String(delivery.attempts.length),
            delivery.reason ?? delivery.summary,
          ]),
        ]),
  );
}

export async function showDelivery(cli: Cli, [id = '']: readonly string[]): Promise<void> {
  const path = cli.path(`notification-deliveries/${encodeURIComponent(id)}`);
  const delivery = await cli.api.get<NotificationDelivery>(path);
  cli.out.data(delivery, () => deliveryText(delivery));
}

export async function replayDelivery(cli: Cli, [id = '']: readonly string[]): Promise<void> {
  const path = cli.path(`notification-deliveries/${encodeURIComponent(id)}/replay`);
  const { body: delivery } = await cli.api.post<NotificationDelivery>(path, undefined);
  cli.out.data(delivery, () => deliveryText(delivery));
}

export function deliveryText(delivery: NotificationDelivery): string {
  const facts = fields([
    ['delivery', delivery.id],
    ['channel', delivery.channel],
    ['event', delivery.event],
    ['operation', delivery.operationId ?? '-'],
    ...(delivery.replayOf === null ? [] : [['replay of', delivery.replayOf] as const]),
    ['state', delivery.reason === null ? delivery.state : `${delivery.state}: ${delivery.reason}`],
    ['summary', delivery.summary],
    ['made', delivery.createdAt],
  ]);
  return [facts, ...delivery.attempts.map(attemptLine)].join('\n');
}

function attemptLine({ attempt, at, result, status, durationMs, error }: NotificationAttempt): string {
  const outcome = result ?? 'began, its end is not known';
  const answer = [
    status === null ? '' : ` ${status}`,
    durationMs === null ? '' : ` in ${durationMs} ms`,
  ].join('');
  return `  attempt ${attempt}  ${at}  ${outcome}${answer}${error === null ? '' : `: ${error}`}`;
}
