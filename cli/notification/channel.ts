import type {
  NotificationChannel,
  NotificationChannelInput,
  NotificationDelivery,
  NotificationEvent,
} from '../../contracts/notification.ts';
import type { Cli } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit.ts';
import { fields, table } from '../table.ts';
import { within } from '../within.ts';
import { deliveryText } from './deliveries.ts';

interface AddFlags {
  readonly kind: NotificationChannelInput['kind'];
  readonly target: string;
  readonly secret?: string;
  readonly sender?: string;
  readonly event?: NotificationEvent[];
  readonly service?: string;
  readonly disabled?: boolean;
}

/** What most want to hear when they name no event. */
const usualEvents: NotificationEvent[] = ['gate.opened', 'gate.overdue', 'hold.began', 'stuck', 'outcome'];

export async function addChannel(cli: Cli, [name = '']: readonly string[], flags: AddFlags): Promise<void> {
  const { kind, target, secret, sender, event, service, disabled } = flags;
  const input: NotificationChannelInput = {
    kind,
    target,
    events: event ?? usualEvents,
    enabled: disabled !== true,
    ...(secret === undefined ? {} : { secret }),
    ...(sender === undefined ? {} : { sender }),
    ...(service === undefined ? {} : { service }),
  };
  const channel = await cli.api.put<NotificationChannel>(pathOf(cli, name), input);
  cli.out.data(channel, () => channelText(channel));
}

export async function listChannels(cli: Cli): Promise<void> {
  const items: NotificationChannel[] = [];
  let cursor: string | undefined;
  do {
    const page = await cli.api.get<{ items: NotificationChannel[]; next?: string }>(
      cli.path('notification-channels'),
      { limit: 200, cursor },
    );
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  cli.out.data(items, () =>
    items.length === 0
      ? 'no channels; add one: holdfast notifications channel add NAME --kind … --target … --secret …'
      : table([
          ['CHANNEL', 'KIND', 'TARGET', 'SERVICE', 'ENABLED', 'EVENTS'],
          ...items.map((channel) => [
            channel.name,
            channel.kind,
            channel.target,
            channel.service ?? 'all',
            channel.enabled ? 'yes' : 'no',
            channel.events.join(' '),
          ]),
        ]),
  );
}

export async function removeChannel(cli: Cli, [name = '']: readonly string[]): Promise<void> {
  await cli.api.delete(pathOf(cli, name));
  cli.out.data(
    { removed: name },
    () => `${name} is removed; its ledger stays: holdfast notifications deliveries list`,
  );
}

/** Exit code 1 when the first attempt fails: the delivery is tried on, but the channel does not work now. */
export async function testChannel(
  cli: Cli,
  [name = '']: readonly string[],
  flags: { timeout: string; wait: boolean },
): Promise<ExitCode> {
  const { body: asked } = await cli.api.post<NotificationDelivery>(`${pathOf(cli, name)}/test`, undefined);
  cli.reattachBy(`holdfast notifications deliveries show ${asked.id}`);
  const delivery = flags.wait ? await within(cli, flags.timeout, firstAttempt(cli, asked.id)) : asked;
  cli.out.data(delivery, () => deliveryText(delivery));
  return !flags.wait || delivery.state === 'delivered' ? exitCodes.ok : exitCodes.failed;
}

async function firstAttempt(cli: Cli, id: string): Promise<NotificationDelivery> {
  for (;;) {
    const delivery = await cli.api.get<NotificationDelivery>(cli.path(`notification-deliveries/${id}`));
    if (delivery.state !== 'pending' || delivery.attempts.some(({ result }) => result !== null))
      return delivery;
    cli.out.progress(`waiting for the first attempt of ${id}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

function pathOf(cli: Cli, name: string): string {
  return cli.path(`notification-channels/${encodeURIComponent(name)}`);
}

function channelText(channel: NotificationChannel): string {
  return fields([
    ['channel', channel.name],
    ['kind', channel.kind],
    ['target', channel.target],
    ['secret', channel.secret ?? '-'],
    ...(channel.sender === null ? [] : [['sender', channel.sender] as const]),
    ['service', channel.service ?? 'all of the project'],
    ['enabled', channel.enabled ? 'yes' : 'no'],
    ['events', channel.events.join(' ')],
  ]);
}
