import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { breakGlass } from '../../../db/approval/break-glass.ts';
import { consumeApproval } from '../../../db/approval/consume.ts';
import { insertDecision } from '../../../db/approval/decide.ts';
import { lookAtGate, withdrawGates, type GateAsked } from '../../../db/approval/gate.ts';
import { setGroup } from '../../../db/approval/group.ts';
import { connectUnwalled, type Db } from '../../../db/connect.ts';
import { questionOf, type QuestionInput } from '../../../domain/approval/question.ts';
import { askAtGate, insertRogueDecision } from '../../support/approval.ts';
import { auditOf } from '../../support/audit.ts';
import { testDatabase, type TestDatabase } from '../../support/postgres.ts';
import { passTime, runningOperation } from './house.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = connectUnwalled(database.url);
  await setGroup(db, {
    project: 'default',
    name: 'sre',
    members: ['bob', 'cyd'],
    claim: 'idp-sre',
    by: 'ann',
  });
  await setGroup(db, { project: 'default', name: 'managers', members: ['dee'], claim: null, by: 'ann' });
});
afterAll(async () => {
  await db.destroy();
  await database.close();
});

async function asked(question: QuestionInput = {}, change: Partial<GateAsked> = {}) {
  const operationId = await runningOperation(db);
  const gate = await askAtGate(db, operationId, 'one', { question: questionOf(question, 'ann'), ...change });
  const answer = (principal: string, decision: 'approve' | 'reject' = 'approve', claims: string[] = []) =>
    insertDecision(db, {
      ...{ id: ulid(), project: 'default', gateId: gate.gateId, subject: 'one', decision, reason: null },
      ...{ principal, claims, key: ulid(), fingerprint: 'f' },
    });
  const look = () => lookAtGate(db, { operationId, gateId: gate.gateId });
  const act = (subject: string | null, effect = 'act') =>
    consumeApproval(db, { operationId, name: 'step-0', subject, effect });
  return { operationId, ...gate, answer, look, act };
}

test('an approval is used up by one act, which may be repeated, and by no other', async () => {
  const gate = await asked();
  expect(await gate.act('one')).toBe('not-approved');
  expect(await gate.answer('bob')).toBeNull();
  expect(await gate.look()).toMatchObject({ outcome: 'approved', missing: 0 });
  expect(await gate.act('another')).toBe('not-approved');
  expect(await gate.act(null)).toBe('not-approved');
  expect([await gate.act('one'), await gate.act('one'), await gate.act('one', 'other act')]).toEqual([
    'consumed',
    'consumed',
    'used',
  ]);
});

test('another subject makes the approvals void, for good: back at the first one it is asked again', async () => {
  const gate = await asked();
  await gate.answer('bob');
  const second = await askAtGate(db, gate.operationId, 'two', { question: questionOf({}, 'ann') });
  expect(second).toMatchObject({ outcome: null, missing: 1 });
  expect(await gate.look()).toMatchObject({ outcome: 'void' });
  expect(await gate.act('one')).toBe('not-approved');
  expect(await gate.answer('cyd')).toMatchObject({ kind: 'refused', code: 'stale' });
  const again = await askAtGate(db, gate.operationId, 'one', { question: questionOf({}, 'ann') });
  expect(again).toMatchObject({ outcome: null, missing: 1, answers: [] });
  expect(again.gateId).not.toBe(gate.gateId);
  expect(await gate.act('one')).toBe('not-approved');
});

test('a rejection is final for its subject, also when another one was asked since', async () => {
  const gate = await asked();
  await gate.answer('bob', 'reject');
  await askAtGate(db, gate.operationId, 'two', { question: questionOf({}, 'ann') });
  const again = await askAtGate(db, gate.operationId, 'one', { question: questionOf({}, 'ann') });
  expect(again).toMatchObject({ gateId: gate.gateId, outcome: 'rejected' });
  expect(await gate.answer('cyd')).toMatchObject({ kind: 'refused', code: 'conflict' });
});

test('nobody in time: it expires, and neither a late answer nor a late row approves', async () => {
  const gate = await asked({ approvals: 2 });
  await gate.answer('bob');
  await passTime(db, gate.operationId, 3_600_001);
  expect(await gate.answer('cyd')).toMatchObject({
    code: 'conflict',
    why: expect.stringContaining('in time'),
  });
  await insertRogueDecision(db, { gateId: gate.gateId, decision: 'approve', by: 'cyd' });
  expect(await gate.look()).toMatchObject({ outcome: 'expired' });
  expect(await gate.act('one')).toBe('not-approved');
});

test('approved in time counts though it is only looked at afterwards', async () => {
  const gate = await asked();
  await insertRogueDecision(db, { gateId: gate.gateId, decision: 'approve', by: 'bob' });
  await passTime(db, gate.operationId, 3_600_001);
  expect(await gate.look()).toMatchObject({ outcome: 'approved' });
});

test('one that holds is overdue, stays open and can still be approved', async () => {
  const gate = await asked({ onExpiry: 'hold' });
  await passTime(db, gate.operationId, 3_600_001);
  const overdue = await gate.look();
  expect(overdue).toMatchObject({ outcome: null, overdue: 1 });
  expect(overdue.lookInMs).toBeGreaterThan(23 * 3_600_000);
  expect(await gate.look()).toMatchObject({ overdue: 1 });
  expect(await gate.answer('bob')).toBeNull();
  expect(await gate.look()).toMatchObject({ outcome: 'approved' });
});

test('a quorum is counted in groups, by members and by claims of the identity provider', async () => {
  const gate = await asked({ groups: [{ group: 'sre', approvals: 2 }] });
  expect(await gate.answer('eve')).toMatchObject({ code: 'forbidden', why: expect.stringContaining('sre') });
  expect(await gate.answer('bob')).toBeNull();
  expect(await gate.look()).toMatchObject({ outcome: null, missing: 1, waitsFor: ['sre'] });
  expect(await gate.answer('eve', 'approve', ['idp-sre'])).toBeNull();
  expect(await gate.look()).toMatchObject({ outcome: 'approved' });
});

test('it is escalated by the clock of the database: from then on others stand in', async () => {
  const escalation = [{ afterMs: 60_000, groups: ['managers'] }];
  const gate = await asked({ groups: [{ group: 'sre', approvals: 1 }], escalation });
  expect(gate.lookInMs).toBeLessThanOrEqual(60_000);
  expect(await gate.answer('dee')).toMatchObject({ code: 'forbidden' });
  await passTime(db, gate.operationId, 60_001);
  expect(await gate.look()).toMatchObject({ outcome: null, level: 1 });
  expect(await gate.answer('dee')).toBeNull();
  expect(await gate.look()).toMatchObject({ outcome: 'approved' });
});

test('what an operation that ends still asks is withdrawn', async () => {
  const gate = await asked();
  await db.transaction().execute((tx) => withdrawGates(tx, gate.operationId));
  expect(await gate.answer('bob')).toMatchObject({ code: 'conflict' });
  await insertRogueDecision(db, { gateId: gate.gateId, decision: 'approve', by: 'bob' });
  expect(await gate.act('one')).toBe('not-approved');
});

test('breaking the glass passes a gate that waits, loudly, and none that was answered', async () => {
  const broke = (gateId: string, subject = 'one') =>
    breakGlass(db, {
      ...{ id: ulid(), project: 'default', gateId, subject, reason: 'the shop is down' },
      ...{ principal: 'ada', key: ulid(), fingerprint: 'f' },
    });
  const gate = await asked({ approvals: 2 });
  expect(await broke(gate.gateId, 'another')).toMatchObject({ code: 'stale' });
  expect(await broke(gate.gateId)).toBeNull();
  expect(await gate.look()).toMatchObject({ outcome: 'broken' });
  expect(await gate.act('one')).toBe('consumed');
  const entries = await auditOf(db, { operation: gate.operationId });
  expect(entries.filter(({ action }) => action === 'approval.break-glass')).toMatchObject([
    { principal: 'ada' },
  ]);
  const rejected = await asked();
  await rejected.answer('bob', 'reject');
  expect(await broke(rejected.gateId)).toMatchObject({
    code: 'conflict',
    why: expect.stringContaining('final'),
  });
});
