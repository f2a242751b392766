import { expect, test } from 'vitest';
import type { NotificationEvent } from '../../../contracts/notification.ts';
import { isListening, isTold } from '../../../domain/notification/routing.ts';

const channel = (events: NotificationEvent[], over: { service?: string; enabled?: boolean } = {}) => ({
  events,
  service: over.service ?? null,
  enabled: over.enabled ?? true,
});

test.each([
  ['the event it names', channel(['gate.opened']), 'gate.opened', true],
  ['another event', channel(['gate.opened']), 'gate.overdue', false],
  ['every outcome', channel(['outcome']), 'outcome.promoted', true],
  ['an outcome of a later kind', channel(['outcome']), 'outcome.restored', true],
  ['one outcome of many', channel(['outcome.failed']), 'outcome.promoted', false],
  ['outcome is not every event', channel(['outcome']), 'stuck', false],
  ['its service', channel(['stuck'], { service: 'shop' }), 'stuck', true],
  ['another service', channel(['stuck'], { service: 'other' }), 'stuck', false],
  ['switched off', channel(['stuck'], { enabled: false }), 'stuck', false],
])('%s', (_name, listener, event, hears) => {
  expect(isListening(listener, event, 'shop')).toBe(hears);
});

test('of a timeline, gates and holds are told', () => {
  expect(
    ['gate.opened', 'gate.overdue', 'hold.began', 'gate.approved', 'step.verified'].filter(isTold),
  ).toEqual(['gate.opened', 'gate.overdue', 'hold.began']);
});
