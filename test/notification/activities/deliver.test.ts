import { MockActivityEnvironment } from '@temporalio/testing';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createNotificationActivities,
  type NotificationTools,
} from '../../../activities/notification/index.ts';
import type { DeliverInput, DeliveryEnd } from '../../../activities/notification/deliver.ts';
import { connectUnwalled, type Db } from '../../../db/connect.ts';
import { questionOf } from '../../../domain/approval/question.ts';
import { freezePlan } from '../../../domain/canary-rollout/plan.ts';
import { createMemoryNotifier } from '../../../providers/notifier/memory.ts';
import type { Notifier } from '../../../providers/notifier/notifier.ts';
import { createSecrets } from '../../../providers/secret/reference.ts';
import { askAtGate, insertRogueDecision } from '../../support/approval.ts';
import { auditOf } from '../../support/audit.ts';
import { testDatabase, type TestDatabase } from '../../support/postgres.ts';
import { gateFacts } from '../../support/receivers/notice.ts';
import { deliveryOf, makeChannel, tell } from '../../support/rollout-house/channels.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = connectUnwalled(database.url);
});
afterAll(async () => {
  await db.destroy();
  await database.close();
});

const notifier = createMemoryNotifier();
/** Failed activities are what this file is about. */
const silent = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };

function run(deliveryId: string, using: Notifier = notifier): Promise<DeliveryEnd> {
  const tools: NotificationTools = {
    db,
    notifiers: { webhook: using, slack: using, email: using },
    secrets: createSecrets({ TWIN: 'memory-secret' }),
    publicUrl: null,
    chance: () => 0.5,
  };
  const { deliver } = createNotificationActivities(tools);
  const input: DeliverInput = { deliveryId, waitsMs: [1000, 2000] };
  return new MockActivityEnvironment(undefined, { logger: silent }).run(deliver, input);
}

describe('an activity that is run twice', () => {
  test('sends once when its end was written', async () => {
    const channel = await makeChannel(db);
    const id = await tell(db, channel);

    const ends = [await run(id), await run(id)];

    expect(ends).toEqual([
      { state: 'delivered', reason: null },
      { state: 'delivered', reason: null },
    ]);
    expect(notifier.received(channel)).toHaveLength(1);
    expect(await auditOf(db, { subject: channel })).toMatchObject([
      { action: 'notification-channel.add' },
      { action: 'notification-channel.test' },
      { action: 'notification-delivery.delivered', principal: 'holdfast', detail: { delivery: id } },
    ]);
  });

  test('sends twice under one id when it died before that, and the ledger shows both', async () => {
    const channel = await makeChannel(db);
    const id = await tell(db, channel);
    const dying: Notifier = {
      async deliver(...given) {
        await notifier.deliver(...given);
        throw new Error('killed after the message was out');
      },
    };

    await expect(run(id, dying)).rejects.toThrow('killed');
    await run(id);

    expect(notifier.received(channel).map((notice) => notice.id)).toEqual([id, id]);
    const { attempts, state } = await deliveryOf(db, id);
    expect(state).toBe('delivered');
    expect(attempts.map(({ result }) => result)).toEqual([null, 'accepted']);
  });
});

test('a failed attempt says when the next is due: the wait of the plan, some chance, or what the receiver asked for', async () => {
  const channel = await makeChannel(db);
  const id = await tell(db, channel);
  const fail = (retryAfterMs: number | null): void =>
    notifier.answer(channel, { kind: 'failed', status: 503, reason: 'busy', retryAfterMs });

  fail(null);
  await expect(run(id)).rejects.toMatchObject({ code: 'unavailable', detail: { retryAfterMs: 1100 } });
  await expect(run(id)).rejects.toMatchObject({ detail: { retryAfterMs: 2200 } });
  fail(60_000);
  await expect(run(id)).rejects.toMatchObject({ detail: { retryAfterMs: 66_000 } });
});

test('a receiver that echoes the secret does not bring it into the ledger', async () => {
  const channel = await makeChannel(db);
  const id = await tell(db, channel);
  notifier.answer(channel, { kind: 'refused', status: 400, reason: 'you sent memory-secret' });

  expect(await run(id)).toEqual({ state: 'refused', reason: 'you sent [secret]' });

  expect(JSON.stringify(await deliveryOf(db, id))).not.toContain('memory-secret');
});

describe('a gate that asks for two approvals', () => {
  test('is told while one is missing', async () => {
    const channel = await makeChannel(db);

    const end = await run(await gateDelivery(channel, { approvedBy: ['bob'] }));

    expect(end).toEqual({ state: 'delivered', reason: null });
  });

  test('is not told any more once both are there, and the ledger says why', async () => {
    const channel = await makeChannel(db);

    const end = await run(await gateDelivery(channel, { approvedBy: ['bob', 'eve'] }));

    expect(end).toEqual({ state: 'stale', reason: 'the gate was answered before this could be sent' });
    expect(notifier.received(channel)).toEqual([]);
  });

  test('is told again when a person asks for a replay', async () => {
    const channel = await makeChannel(db);
    const first = await gateDelivery(channel, { approvedBy: ['bob', 'eve'] });

    const end = await run(await gateDelivery(channel, { approvedBy: ['bob', 'eve'], replayOf: first }));

    expect(end).toMatchObject({ state: 'delivered' });
    expect(notifier.received(channel)[0]?.title).toMatch(/^\(replay\) /);
  });
});

test('a delivery that nobody knows is not tried again', async () => {
  await expect(run(ulid())).rejects.toMatchObject({ code: 'not-found' });
});

/** A delivery about a gate of a running rollout that ann started. */
async function gateDelivery(
  channel: string,
  { approvedBy, replayOf = null }: { approvedBy: readonly string[]; replayOf?: string | null },
): Promise<string> {
  const operationId = await openRollout();
  const facts = gateFacts();
  const id = ulid();
  await db
    .insertInto('notification_delivery')
    .values({
      id,
      project: 'default',
      channel,
      event: 'gate.opened',
      event_key: id,
      operation_id: operationId,
      replay_of: replayOf,
      facts: JSON.stringify(facts),
      reason: null,
      settled_at: null,
    })
    .execute();
  const subject = facts.gate?.subject ?? '';
  const gate = await askAtGate(db, operationId, subject, { question: questionOf({ approvals: 2 }, 'ann') });
  for (const by of approvedBy)
    await insertRogueDecision(db, { gateId: gate.gateId, decision: 'approve', by });
  return id;
}

async function openRollout(): Promise<string> {
  const id = ulid();
  const target = `svc-${id.toLowerCase()}`;
  const steps = [{ weight: 10, soak: '1s', gate: { approvals: 2 } }, { weight: 100 }];
  await db
    .insertInto('operation')
    .values({
      id,
      project: 'default',
      kind: 'canary-rollout',
      target,
      status: 'running',
      phase: 'waiting-for-approval',
      outcome: null,
      summary: '',
      stuck: null,
      started_by: 'ann',
      workflow_id: id,
      run_id: null,
      finished_at: null,
    })
    .execute();
  await db
    .insertInto('canary_rollout')
    .values({
      operation_id: id,
      project: 'default',
      service: target,
      version: 'v2',
      stable_version: 'v1',
      mode: 'rollout',
      plan: JSON.stringify(freezePlan({ steps })),
      state: '{}',
      judged_at: null,
    })
    .execute();
  return id;
}
