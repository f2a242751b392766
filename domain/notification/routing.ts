import type { NotificationChannel } from '../../contracts/notification.ts';

/** Whether a channel listens to an event such as `gate.opened` or `outcome.promoted` of a target. */
export function isListening(
  channel: Pick<NotificationChannel, 'events' | 'service' | 'enabled'>,
  event: string,
  target: string,
): boolean {
  if (!channel.enabled) return false;
  if (channel.service !== null && channel.service !== target) return false;
  const family = event.split('.', 1)[0];
  return channel.events.some((wanted) => wanted === event || (wanted === 'outcome' && family === 'outcome'));
}

/** Lines of a timeline that people may want to be told about. */
export const toldEvents = ['gate.opened', 'gate.overdue', 'gate.escalated', 'hold.began'] as const;

export function isTold(type: string): type is (typeof toldEvents)[number] {
  return toldEvents.some((told) => told === type);
}

/** An operation that is stuck again and again is told about once in this time, in milliseconds. */
export const stuckQuietMs = 10 * 60_000;
