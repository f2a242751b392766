import { ulid } from 'ulid';
import type { NotificationDelivery, NotificationEvent } from '../../../contracts/notification.ts';
import { putChannel, type ChannelSpec } from '../../../db/notification/channel.ts';
import { listDeliveries, requireDelivery } from '../../../db/notification/delivery.ts';
import { requestReplay, requestTest } from '../../../db/notification/request.ts';
import type { Db } from '../../../db/connect.ts';

const everything: NotificationEvent[] = ['gate.opened', 'gate.overdue', 'hold.began', 'stuck', 'outcome'];

/** A channel of one's own; by default to the twin, and deaf to what other tests do. Answers its name, which is also its target there. */
export async function makeChannel(db: Db, spec: Partial<ChannelSpec> = {}): Promise<string> {
  const name = `ch-${ulid().toLowerCase()}`;
  await changeChannel(db, name, { ...spec, target: spec.target ?? name });
  return name;
}

export async function changeChannel(db: Db, name: string, spec: Partial<ChannelSpec>): Promise<void> {
  const whole: ChannelSpec = {
    kind: 'slack',
    target: name,
    secret: 'env:TWIN',
    sender: null,
    events: everything,
    service: name,
    enabled: true,
    ...spec,
  };
  await putChannel(db, {
    project: 'default',
    name,
    spec: whole,
    principal: 'ann',
    allow: () => undefined,
  });
}

const asked = () => ({ project: 'default', principal: 'ann', key: ulid(), fingerprint: 'f' });

/** Records a test of a channel; the sweep sends it. */
export async function tell(db: Db, channel: string): Promise<string> {
  return requestTest(db, asked(), channel);
}

export async function replay(db: Db, id: string): Promise<string> {
  return requestReplay(db, asked(), id);
}

export async function deliveryOf(db: Db, id: string): Promise<NotificationDelivery> {
  return requireDelivery(db, 'default', id);
}

/** What a channel was told or is to be told, oldest first. */
export async function deliveriesOf(db: Db, channel: string): Promise<NotificationDelivery[]> {
  return (await listDeliveries(db, 'default', { channel, before: null, limit: 200 })).reverse();
}
