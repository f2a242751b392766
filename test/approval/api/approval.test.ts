import { afterAll, beforeAll, expect, test } from 'vitest';
import { questionOf } from '../../../domain/approval/question.ts';
import { apiUnderTest, serviceInput, type Answer, type ApiUnderTest } from '../../api/support.ts';
import { holdfast } from '../../cli/support.ts';
import { keyOfPerson } from '../../support/access.ts';
import { askAtGate } from '../../support/approval.ts';
import { auditOf } from '../../support/audit.ts';

let api: ApiUnderTest;
/** Approvers; `ada`, who asks, is an admin. */
const keys: Record<string, string> = {};
beforeAll(async () => {
  api = await apiUnderTest();
  for (const name of ['bob', 'dee']) keys[name] = await keyOfPerson(api.db, name, 'approver');
  keys['oz'] = await keyOfPerson(api.db, 'oz', 'operator');
});
afterAll(() => api.close());

const as = (name: string) => ({ authorization: `Bearer ${keys[name]}` });

let names = 0;
async function waiting(question = questionOf({}, 'ada')): Promise<{ id: string; gateId: string }> {
  names += 1;
  const service = `gate-${process.pid}-${names}`;
  await api.call('PUT', `services/${service}`, serviceInput(service));
  const { body } = await api.call('POST', 'canary-rollouts', { service, version: 'v1' });
  const { gateId } = await askAtGate(api.db, body.id as string, 'digest', { question });
  return { id: body.id as string, gateId };
}

const decide = (name: string, gateId: string, change: object = {}): Promise<Answer> =>
  api.call(
    'POST',
    `approvals/${gateId}/decisions`,
    { decision: 'approve', subject: 'digest', ...change },
    as(name),
  );

test('a gate of any kind of operation is answered by its id', async () => {
  const { id, gateId } = await waiting();
  const stale = await decide('bob', gateId, { subject: 'older' });
  const answer = await decide('bob', gateId, { reason: 'seen' });
  const late = await decide('dee', gateId);
  const none = await decide('bob', '01JZZZZZZZZZZZZZZZZZZZZZZZ');
  expect(stale.body).toMatchObject({ status: 409, code: 'stale', errors: [{ pointer: '/subject' }] });
  expect(answer.body).toMatchObject({
    gateId,
    operationId: id,
    decision: 'approve',
    by: 'bob',
    reason: 'seen',
  });
  expect(late.body).toMatchObject({ status: 409, detail: expect.stringContaining('answered once') });
  expect(none.body).toMatchObject({ status: 404 });
});

test('the same request answers the first answer again; the canary has a route of its own to the same gate', async () => {
  const { id, gateId } = await waiting(questionOf({ approvals: 2 }, 'ada'));
  const key = { ...as('bob'), 'idempotency-key': `again-${gateId}` };
  const body = { decision: 'approve', subject: 'digest' };
  const first = await api.call('POST', `approvals/${gateId}/decisions`, body, key);
  const second = await api.call('POST', `approvals/${gateId}/decisions`, body, key);
  const other = await api.call('POST', `canary-rollouts/${id}/decisions`, body, as('dee'));
  expect(second.body).toEqual(first.body);
  expect(other.body).toMatchObject({ decision: 'approve', by: 'dee' });
});

test('groups are made, listed, audited and removed', async () => {
  const made = await api.call('PUT', 'groups/sre', { members: ['bob'], claim: 'idp-sre' });
  const denied = await api.call('PUT', 'groups/sre', { members: ['oz'] }, as('oz'));
  const bad = await api.call('PUT', 'groups/sre', { members: ['bob', 'bob'] });
  expect(made.body).toEqual({ items: [{ name: 'sre', members: ['bob'], claim: 'idp-sre' }] });
  expect(denied.status).toBe(403);
  expect(bad.body).toMatchObject({ status: 400, errors: [{ pointer: '/members' }] });
  expect(await auditOf(api.db, { subject: 'sre', action: 'group.set' })).toMatchObject([
    { principal: 'ada', detail: { members: 1, claim: 'idp-sre' }, texts: { 'after 1': 'bob' } },
  ]);
  await api.call('PUT', 'groups/gone', { members: [] });
  expect((await api.call('DELETE', 'groups/gone')).status).toBe(204);
  expect((await api.call('DELETE', 'groups/gone')).status).toBe(404);
});

test('the inbox says what is missing of whom, and who may answer', async () => {
  await api.call('PUT', 'groups/sre', { members: ['bob'] });
  const escalation = [{ afterMs: 600_000, groups: ['managers'] }];
  const { gateId } = await waiting(
    questionOf({ groups: [{ group: 'sre', approvals: 1 }], escalation }, 'ada'),
  );
  const seenBy = async (name: string) =>
    (await api.call('GET', 'approvals?waiting=me', undefined, as(name))).body.items.filter(
      (item: { gateId: string }) => item.gateId === gateId,
    );
  expect(await seenBy('dee')).toEqual([]);
  expect(await seenBy('bob')).toMatchObject([
    {
      ...{ gate: 'step-0', missing: 1, waitsFor: ['sre'], level: 0, mayApprove: true, onExpiry: 'abort' },
      excluded: [{ principal: 'ada', because: 'requester' }],
      escalation: [{ groups: ['managers'] }],
    },
  ]);
  expect((await decide('dee', gateId)).body).toMatchObject({
    status: 403,
    detail: expect.stringContaining('sre'),
  });
  expect((await decide('bob', gateId)).body).toMatchObject({ by: 'bob' });
});

test('a plan that asks for a group nobody made is refused, with the field and what to do', async () => {
  const gate = {
    groups: [{ group: 'nobody', approvals: 1 }],
    escalation: [{ after: '5m', groups: ['none'] }],
  };
  const plan = { steps: [{ weight: 50, soak: '1s', gate }, { weight: 100 }] };
  const registered = await api.call('PUT', 'services/grouped', serviceInput('grouped', { plan }));
  await api.call('PUT', 'services/grouped', serviceInput('grouped'));
  const started = await api.call('POST', 'canary-rollouts', { service: 'grouped', version: 'v1', plan });
  for (const { body } of [registered, started]) {
    expect(body).toMatchObject({
      status: 400,
      detail: expect.stringContaining('holdfast groups set nobody'),
    });
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/plan/steps/0/gate/groups/0/group',
      '/plan/steps/0/gate/escalation/0/groups/0',
    ]);
  }
});

test('the glass is broken by an admin alone, with a reason, by its own route alone', async () => {
  const { gateId } = await waiting();
  const path = `approvals/${gateId}/break-glass`;
  const body = { subject: 'digest', reason: 'the shop is down' };
  const approver = await api.call('POST', path, body, as('bob'));
  const silent = await api.call('POST', path, { subject: 'digest' });
  const normal = await decide('bob', gateId, { decision: 'break-glass' });
  const own = await api.call('POST', `approvals/${gateId}/decisions`, { ...body, decision: 'approve' });
  expect(approver.body).toMatchObject({ status: 403, detail: expect.stringContaining('admin') });
  expect(silent.body).toMatchObject({ status: 400, errors: [{ pointer: '/reason' }] });
  expect(normal.body).toMatchObject({ status: 400, errors: [{ pointer: '/decision' }, {}] });
  expect(own.body).toMatchObject({ status: 403, detail: expect.stringContaining('somebody else') });
});

test('breaking the glass is audited by its own name, marks the operation and tells every channel', async () => {
  const channel = { kind: 'webhook', target: 'https://hooks.example.org/x', secret: 'env:HOOK' };
  await api.call('PUT', 'notification-channels/all', { ...channel, events: ['outcome'] });
  await api.call('PUT', 'notification-channels/off', { ...channel, events: ['outcome'], enabled: false });
  const { id, gateId } = await waiting();
  const url = await api.app.listen({ host: '127.0.0.1', port: 0 });
  const broken = await holdfast(url, api.key, ['break-glass', id, '--reason', 'the shop is down', '--json']);
  expect(broken.json()).toMatchObject({
    gateId,
    decision: 'break-glass',
    by: 'ada',
    reason: 'the shop is down',
  });
  expect((await api.call('GET', `operations/${id}`)).body).toMatchObject({ glassBrokenBy: 'ada' });
  const { items } = (await api.call('GET', `operations/${id}/events`)).body;
  expect(items).toMatchObject([
    { type: 'glass.broken', summary: expect.stringContaining('GLASS BROKEN by ada') },
  ]);
  expect(await auditOf(api.db, { operation: id, action: 'approval.' })).toMatchObject([
    { action: 'approval.break-glass', principal: 'ada', texts: { reason: 'the shop is down' } },
  ]);
  const told = await api.db
    .selectFrom('notification_delivery')
    .select(['channel', 'event'])
    .where('operation_id', '=', id)
    .execute();
  expect(told).toEqual([{ channel: 'all', event: 'glass.broken' }]);
  expect((await decide('bob', gateId)).body).toMatchObject({ status: 409 });
});
