import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NoticeFacts } from '../../../contracts/notification.ts';
import { haltOf } from '../../../domain/notification/halt.ts';
import { noticeOf, oneLine } from '../../../domain/notification/texts.ts';

const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const frame = { id, replayOf: null, publicUrl: 'https://holdfast.example/' };

function facts(event: string, over: Partial<NoticeFacts> = {}): NoticeFacts {
  return {
    event,
    project: 'default',
    at: '2026-11-21T12:00:00.000Z',
    summary: 'said so',
    operation: { id, kind: 'canary-rollout', target: 'shop', version: 'v2' },
    outcome: null,
    gate: null,
    ...over,
  };
}

const gate = { subject: 'sha256:ab', deadline: '2026-11-21T13:00:00.000Z', onTimeout: 'abort' };

test.each([
  [
    facts('gate.opened', { gate }),
    'shop v2 waits for approval',
    'holdfast canary approve shop --project default --subject sha256:ab',
  ],
  [
    facts('gate.overdue', { gate }),
    'shop v2 still waits for approval: nobody answered in time',
    'holdfast canary approve shop --project default --subject sha256:ab',
  ],
  [facts('hold.began'), 'shop v2 is held by its checks', 'holdfast canary status shop --project default'],
  [facts('stuck'), 'shop v2 is stuck: a step keeps failing', `holdfast runs show ${id} --project default`],
  [
    facts('outcome.promoted', { outcome: 'promoted' }),
    'shop v2: promoted',
    `holdfast runs show ${id} --project default`,
  ],
  [facts('test', { operation: null }), 'Test of a notification channel of default', null],
])('%#: says what, and the command that continues', (told, title, command) => {
  const notice = noticeOf(told, frame);

  expect(notice).toMatchObject({ id, type: told.event, title, command });
  expect(notice.lines[0]).toBe('said so');
});

test('a link shows the operation; without a public address there is none', () => {
  const link = `https://holdfast.example/v1/projects/default/operations/${id}`;

  expect(noticeOf(facts('stuck'), frame).link).toBe(link);
  expect(noticeOf(facts('stuck'), { ...frame, publicUrl: null }).link).toBeNull();
});

test('a replay says that it is one', () => {
  const notice = noticeOf(facts('stuck'), { ...frame, replayOf: 'first' });

  expect(notice.title).toMatch(/^\(replay\) /);
  expect(notice.data).toMatchObject({ replayOf: 'first' });
});

test('whatever people type, a line stays a line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const line = oneLine(text, 100);
      expect(line).not.toMatch(/[\u0000-\u001f\u007f\u0085\u2028\u2029]/);
      expect(line.length).toBeLessThanOrEqual(100);
    }),
  );
});

test.each([
  ['an open gate is told', 'gate.opened', false, { enabled: true }, false, null],
  ['an answered gate is stale', 'gate.opened', true, { enabled: true }, false, 'stale'],
  ['an answered gate that was overdue is stale', 'gate.overdue', true, { enabled: true }, false, 'stale'],
  ['a replay of it was asked for', 'gate.opened', true, { enabled: true }, true, null],
  ['an outcome is never stale', 'outcome.promoted', true, { enabled: true }, false, null],
  ['a removed channel', 'stuck', false, null, false, 'dropped'],
  ['a channel that was switched off', 'stuck', false, { enabled: false }, false, 'dropped'],
] as const)('%s', (_name, event, isAnswered, channel, isReplay, state) => {
  expect(haltOf({ event, isAnswered, channel, isReplay })?.state ?? null).toBe(state);
});
