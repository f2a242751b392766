import { ulid } from 'ulid';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { describe, test } from 'vitest';
import { startDeliveries } from '../../../activities/reconciliation/deliveries.ts';
import { createTroubles } from '../../../activities/reconciliation/sweeper.ts';
import { removeChannel } from '../../../db/notification/channel.ts';
import {
  changeChannel,
  deliveriesOf,
  deliveryOf,
  makeChannel,
  replay,
  tell,
} from '../../support/rollout-house/channels.ts';
import { houseForFile } from '../../support/rollout-house/for-file.ts';
import { makeService, quickPlan, startRollout } from '../../support/rollout-house/people.ts';
import { resetToFirstTask } from '../../support/rollout-house/reset.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../support/receivers/webhook.ts';

const house = houseForFile();
/** The lease bridges what a loaded machine takes. */
const plan = {
  ...quickPlan,
  lease: '1m',
  steps: [{ weight: 20, soak: '1s', gate: true }, { weight: 100 }],
};
const within = { timeout: 40_000, interval: 100 };

const stateOf = async (id: string): Promise<string> => (await deliveryOf(house().db, id)).state;

/** A channel to a receiver that checks signatures, over real HTTP. */
async function webhookChannel(service?: string): Promise<{ name: string; receiver: WebhookReceiver }> {
  const receiver = await startWebhookReceiver();
  house().secretEnv['SIGNING'] = receiver.secret;
  const name = await makeChannel(house().db, {
    kind: 'webhook',
    target: receiver.target,
    secret: 'env:SIGNING',
    ...(service === undefined ? {} : { service }),
  });
  return { name, receiver };
}

describe.concurrent('a notification', { timeout: 90_000 }, () => {
  test('tells a gate and the outcome of a rollout once each, signed, and leaves no secret behind', async ({
    expect,
  }) => {
    await house().startReconciliation();
    const service = await makeService(house());
    const { name, receiver } = await webhookChannel(service);
    const rollout = await startRollout(house(), service, 'v2', plan);
    const { gate } = await rollout.until('waiting-for-approval');

    await expect.poll(() => receiver.received().length, within).toBe(1);
    await rollout.decide('approve');
    await rollout.result();
    await expect.poll(() => receiver.received().length, within).toBe(2);

    const [opened, promoted] = receiver.received();
    expect(opened?.text).toContain(`${service} v2 waits for approval`);
    expect(opened?.text).toContain(
      `holdfast canary approve ${service} --project default --subject ${gate?.subject}`,
    );
    expect(promoted?.text).toContain(`${service} v2: promoted`);
    await expect
      .poll(
        async () => (await deliveriesOf(house().db, name)).map(({ event, state }) => [event, state]),
        within,
      )
      .toEqual([
        ['gate.opened', 'delivered'],
        ['outcome.promoted', 'delivered'],
      ]);
    const handle = house().client.workflow.getHandle(`notification/default/${opened?.id}`);
    expect(await handle.result()).toEqual({ state: 'delivered', reason: null });
    const history = historyToJSON(await handle.fetchHistory());
    for (const text of [history, decoded(history)]) expect(text).not.toContain(receiver.secret.slice(6));
    await receiver.close();
  });

  test('is tried again under the same id until the receiver takes it', async ({ expect }) => {
    await house().startReconciliation();
    const { name, receiver } = await webhookChannel();
    receiver.answerWith(503, 500, 429);

    const id = await tell(house().db, name);
    await expect.poll(() => stateOf(id), within).toBe('delivered');

    const { attempts } = await deliveryOf(house().db, id);
    expect(attempts.map(({ attempt, result, status }) => [attempt, result, status])).toEqual([
      [1, 'failed', 503],
      [2, 'failed', 500],
      [3, 'failed', 429],
      [4, 'accepted', 204],
    ]);
    expect(receiver.headers.map((headers) => headers['webhook-id'])).toEqual([id, id, id, id]);
    await receiver.close();
  });

  test('is given up when every attempt failed, and a replay names it', async ({ expect }) => {
    await house().startReconciliation();
    const channel = await makeChannel(house().db);
    house().notifier.answer(channel, {
      kind: 'failed',
      status: 503,
      reason: 'closed today',
      retryAfterMs: null,
    });
    const id = await tell(house().db, channel);
    await expect.poll(() => stateOf(id), within).toBe('gave-up');

    house().notifier.answer(channel, { kind: 'accepted', status: null, note: null });
    const again = await replay(house().db, id);
    await expect.poll(() => stateOf(again), within).toBe('delivered');

    expect(await deliveryOf(house().db, id)).toMatchObject({
      reason: '5 attempts failed: closed today',
      attempts: Array.from({ length: 5 }, () => expect.objectContaining({ result: 'failed' })),
    });
    expect(await deliveryOf(house().db, again)).toMatchObject({ replayOf: id, channel });
    expect(house().notifier.received(channel).at(-1)).toMatchObject({
      id: again,
      title: expect.stringMatching(/^\(replay\) /),
    });
  });

  test('that is refused for good is not tried again', async ({ expect }) => {
    await house().startReconciliation();
    const { name, receiver } = await webhookChannel();
    receiver.answerWith(410);

    const id = await tell(house().db, name);
    await expect.poll(() => stateOf(id), within).toBe('refused');

    expect(receiver.tries()).toBe(1);
    await receiver.close();
  });

  test('waits for as long as the receiver asks', async ({ expect }) => {
    await house().startReconciliation();
    const channel = await makeChannel(house().db);
    house().notifier.answer(channel, {
      kind: 'failed',
      status: 429,
      reason: 'later',
      retryAfterMs: 3_600_000,
    });

    const id = await tell(house().db, channel);
    const handle = house().client.workflow.getHandle(`notification/default/${id}`);
    const waitsMs = async (): Promise<number> => {
      const { raw } = await handle.describe();
      const [pending] = raw.pendingActivities ?? [];
      return Number(pending?.currentRetryInterval?.seconds ?? 0);
    };
    await expect.poll(() => waitsMs().catch(() => 0), within).toBe(3600);

    await handle.cancel();
    await expect.poll(() => stateOf(id), within).toBe('cancelled');
  });

  test('whose secret is not there is delivered once it is', async ({ expect }) => {
    await house().startReconciliation();
    const channel = await makeChannel(house().db, { secret: 'env:LATE' });
    const id = await tell(house().db, channel);
    await expect
      .poll(async () => (await deliveryOf(house().db, id)).attempts.length, within)
      .toBeGreaterThan(0);
    const [first] = (await deliveryOf(house().db, id)).attempts;
    house().secretEnv['LATE'] = 'memory-late';

    const again = (await stateOf(id)) === 'gave-up' ? await replay(house().db, id) : id;
    await expect.poll(async () => [await stateOf(id), await stateOf(again)], within).toContain('delivered');

    expect(first?.error ?? 'the secret env:LATE').toContain('the secret env:LATE');
    expect(house().notifier.received(channel)).toHaveLength(1);
  });

  test('whose channel was removed is dropped, and one whose target was mended goes there', async ({
    expect,
  }) => {
    await house().startReconciliation();
    const removed = await makeChannel(house().db);
    const mended = await makeChannel(house().db);
    const later = { kind: 'failed', status: null, reason: 'later', retryAfterMs: 200 } as const;
    house().notifier.answer(removed, later);
    house().notifier.answer(mended, later);
    const first = await tell(house().db, removed);
    await expect
      .poll(async () => (await deliveryOf(house().db, first)).attempts.length, within)
      .toBeGreaterThan(0);
    await removeChannel(house().db, 'default', removed, 'ann');
    const second = await tell(house().db, mended);
    await expect
      .poll(async () => (await deliveryOf(house().db, second)).attempts.length, within)
      .toBeGreaterThan(0);
    await changeChannel(house().db, mended, { target: `${mended}-new` });

    await expect.poll(() => stateOf(first), within).toBe('dropped');
    await expect.poll(() => stateOf(second), within).toBe('delivered');
    expect(
      house()
        .notifier.received(`${mended}-new`)
        .map(({ id }) => id),
    ).toEqual([second]);
  });

  test('whose workflow was terminated is taken up by another', async ({ expect }) => {
    await house().startReconciliation();
    const channel = await makeChannel(house().db);
    house().notifier.answer(channel, {
      kind: 'failed',
      status: null,
      reason: 'later',
      retryAfterMs: 3_600_000,
    });
    const id = await tell(house().db, channel);
    await expect.poll(async () => (await deliveryOf(house().db, id)).attempts.length, within).toBe(1);
    await house().client.workflow.getHandle(`notification/default/${id}`).terminate('by hand');
    house().notifier.answer(channel, { kind: 'accepted', status: null, note: null });

    await lookNow(id);

    await expect.poll(() => stateOf(id), within).toBe('delivered');
  });

  test('whose run is reset after its end sends nothing', async ({ expect }) => {
    await house().startReconciliation();
    const channel = await makeChannel(house().db);
    const id = await tell(house().db, channel);
    await expect.poll(() => stateOf(id), within).toBe('delivered');
    const workflowId = `notification/default/${id}`;
    await house().client.workflow.getHandle(workflowId).result();

    await resetToFirstTask(house(), workflowId);

    expect(await house().client.workflow.getHandle(workflowId).result()).toMatchObject({
      state: 'delivered',
    });
    expect(house().notifier.received(channel)).toHaveLength(1);
  });

  test('whose activity somebody completes by hand is still to be sent', async ({ expect }) => {
    await house().startReconciliation();
    const channel = await makeChannel(house().db);
    const later = { kind: 'failed', status: null, reason: 'later', retryAfterMs: 3_600_000 } as const;
    house().notifier.answer(channel, later);
    const id = await tell(house().db, channel);
    await expect.poll(async () => (await deliveryOf(house().db, id)).attempts.length, within).toBe(1);
    const { connection, namespace } = house();
    const data = Buffer.from('{"state":"delivered","reason":"so I say"}');
    const forged = { metadata: { encoding: Buffer.from('json/plain') }, data };
    await connection.workflowService.respondActivityTaskCompletedById({
      namespace,
      workflowId: `notification/default/${id}`,
      activityId: '1',
      result: { payloads: [forged] },
    });
    house().notifier.answer(channel, { kind: 'accepted', status: null, note: null });
    const handle = house().client.workflow.getHandle(`notification/default/${id}`);
    expect(await handle.result()).toEqual({ state: 'delivered', reason: 'so I say' });
    expect(await stateOf(id)).toBe('pending');

    await lookNow(id);

    await expect.poll(() => stateOf(id), within).toBe('delivered');
  });

  test('swept many times at once is one run', async ({ expect }) => {
    const channel = await makeChannel(house().db);
    const id = await tell(house().db, channel);
    const tools = { ...house().worker, db: house().db, everyMs: 1000 };
    const sweeper = { ...tools, ...createTroubles(tools.log), client: house().client, newId: ulid };

    await Promise.all([1, 2, 3].map(() => startDeliveries(sweeper)));
    await expect.poll(() => stateOf(id), within).toBe('delivered');
    await lookNow(id);
    await startDeliveries(sweeper);

    expect(house().notifier.received(channel)).toHaveLength(1);
  });
});

/** The sweep makes sure now, not in ten minutes, that a workflow works for it. */
async function lookNow(id: string): Promise<void> {
  await house()
    .db.updateTable('notification_delivery')
    .set({ look_at: new Date(0) })
    .where('id', '=', id)
    .execute();
}

function decoded(history: string): string {
  return [...history.matchAll(/"data": ?"([A-Za-z0-9+/=]+)"/g)]
    .map(([, data]) => Buffer.from(data ?? '', 'base64').toString('utf8'))
    .join('\n');
}
