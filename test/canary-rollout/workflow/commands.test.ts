import { defaultPayloadConverter } from '@temporalio/common';
import { describe, test } from 'vitest';
import type { WatchInput } from '../../../activities/canary-rollout/types.ts';
import { houseForFile } from '../../support/rollout-house/for-file.ts';
import {
  makeService,
  quickPlan,
  startRollout,
  type StartedRollout,
} from '../../support/rollout-house/people.ts';
import { expectUndone } from '../../support/rollout-house/proof.ts';

const house = houseForFile();
const longSoak = {
  ...quickPlan,
  steps: [{ weight: 10, soak: '1m' }, { weight: 50, soak: '1s' }, { weight: 100 }],
};

describe.concurrent('pause and resume', () => {
  test('keep the soak exact: what was soaked counts, what was paused does not', async ({ expect }) => {
    const service = await makeService(house());
    const plan = { ...quickPlan, steps: [{ weight: 50, soak: '4s' }] };
    const rollout = await startRollout(house(), service, 'v2', plan);
    await rollout.until('soaking');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await rollout.command('pause')).toMatchObject({ state: 'accepted' });
    expect(await rollout.until('paused')).toMatchObject({ waitingFor: 'resume', weight: 50 });
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(await rollout.command('resume')).toMatchObject({ state: 'accepted' });
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
    const [soaking, paused, resumed] = await watches(rollout);
    expect(soaking).toMatchObject({ soakMs: 4000, state: { soakedMs: 0 } });
    expect(paused?.soakMs).toBeNull();
    expect(paused?.state.soakedMs).toBeGreaterThan(1000);
    expect(resumed).toMatchObject({ soakMs: 4000, state: { soakedMs: paused?.state.soakedMs } });
  });

  test('go on judging: a canary that turns bad while paused is rolled back', async ({ expect }) => {
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', longSoak);
    await rollout.until('soaking');
    await rollout.command('pause');
    await rollout.until('paused');
    house().agent.behave(service, 'v2', { errorRate: 0.5 });
    expect(await rollout.result()).toMatchObject({ outcome: 'rolled-back' });
    await expectUndone(house(), rollout, 'rolled-back');
  });
});

describe.concurrent('promote', () => {
  test('ends the soak of one step, and of that alone', async ({ expect }) => {
    const service = await makeService(house());
    const plan = {
      ...quickPlan,
      steps: [
        { weight: 10, soak: '1m' },
        { weight: 50, soak: '1m' },
      ],
    };
    const rollout = await startRollout(house(), service, 'v2', plan);
    await rollout.until('soaking');
    expect(await rollout.command('promote')).toMatchObject({ state: 'accepted' });
    expect(await rollout.until((state) => state.step === 1 && state.phase === 'soaking')).toMatchObject({
      weight: 50,
    });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await rollout.state()).toMatchObject({ step: 1, phase: 'soaking' });
    await rollout.command('promote');
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
  });

  test('sent twice at once with one revision is accepted once', async ({ expect }) => {
    const service = await makeService(house());
    const plan = {
      ...quickPlan,
      steps: [
        { weight: 10, soak: '1m' },
        { weight: 50, soak: '1m' },
      ],
    };
    const rollout = await startRollout(house(), service, 'v2', plan);
    const { revision, step } = await rollout.until('soaking');
    const ids = await Promise.all([1, 2].map(() => rollout.recordCommand('promote', { revision, step })));
    const answers = await Promise.all(ids.map((id) => rollout.deliver(id)));
    expect(answers.map((answer) => answer.state).sort()).toEqual(['accepted', 'refused']);
    expect(answers.find((answer) => answer.state === 'refused')?.answer).toMatch(
      /look again|nothing to skip/,
    );
    expect(await rollout.until((state) => state.step === 1 && state.phase === 'soaking')).toMatchObject({
      weight: 50,
    });
    await rollout.command('abort', { reason: 'enough seen' });
    await rollout.result();
  });

  test('that was decided on an older state is refused, and the answer says why', async ({ expect }) => {
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', longSoak);
    const { revision, step } = await rollout.until('soaking');
    const stale = await rollout.command('promote', { revision: revision - 1, step });
    expect(stale.state).toBe('refused');
    expect(stale.answer).toContain(`revision ${revision}`);
    expect(await rollout.command('promote', { revision, step: 5 })).toMatchObject({ state: 'refused' });
    expect(await rollout.state()).toMatchObject({ revision, step: 0, phase: 'soaking' });
    await rollout.command('abort', { reason: 'enough seen' });
    await rollout.result();
  });

  test('in full skips the rest of the analysis but still asks at the gates that remain', async ({
    expect,
  }) => {
    const service = await makeService(house());
    const plan = {
      ...quickPlan,
      steps: [
        { weight: 10, soak: '1m' },
        { weight: 30, soak: '1m' },
        { weight: 50, soak: '1m', gate: true },
        { weight: 100 },
      ],
    };
    const rollout = await startRollout(house(), service, 'v2', plan);
    await rollout.until('soaking');
    expect(await rollout.command('promote-full')).toMatchObject({ state: 'accepted' });
    expect(await rollout.until('waiting-for-approval')).toMatchObject({ weight: 10 });
    await rollout.decide('approve');
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
    const verified = (await rollout.events()).filter((event) => event.type === 'step.verified');
    expect(verified).toHaveLength(1);
  });
});

describe.concurrent('mute and hold', () => {
  test('a muted metric does not count until the mute ends', async ({ expect }) => {
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', longSoak);
    await rollout.until('soaking');
    const mute = { metric: 'errorRate', reason: 'known defect', expiresIn: '5s' };
    expect(await rollout.command('mute', mute)).toMatchObject({ state: 'accepted' });
    house().agent.behave(service, 'v2', { errorRate: 0.5 });
    const kept = async () => {
      const rows = house().db.selectFrom('canary_rollout').select('state');
      return (await rows.where('operation_id', '=', rollout.operationId).executeTakeFirstOrThrow()).state;
    };
    const seen = {
      lastCheck: { verdict: 'pass', metrics: [{ metric: 'errorRate', result: 'muted' }, {}, {}] },
    };
    await expect.poll(kept, { timeout: 5000 }).toMatchObject(seen);
    expect(await rollout.state()).toMatchObject({
      phase: 'soaking',
      muted: [{ metric: 'errorRate', by: 'ann', reason: 'known defect' }],
    });
    expect(await rollout.result()).toMatchObject({ outcome: 'rolled-back' });
  });

  test('a mute without reason, metric or end is refused', async ({ expect }) => {
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', longSoak);
    await rollout.until('soaking');
    expect((await rollout.command('mute', { metric: 'errorRate', expiresIn: '5s' })).answer).toContain(
      'needs a reason',
    );
    expect((await rollout.command('mute', { metric: 'errorRate', reason: 'x' })).answer).toContain(
      'needs an end',
    );
    expect((await rollout.command('mute', { metric: 'p42', reason: 'x', expiresIn: '5s' })).answer).toContain(
      'name one of',
    );
    expect((await rollout.command('hold')).answer).toContain('needs a reason');
    expect((await rollout.command('release-hold')).answer).toContain('no hold is in force');
    expect((await rollout.command('resume')).answer).toContain('not paused');
    await rollout.command('abort', { reason: 'enough seen' });
    await rollout.result();
  });

  test('a forced hold keeps the rollout where it is until it ends by itself', async ({ expect }) => {
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', {
      ...quickPlan,
      steps: [{ weight: 10, soak: '2s' }],
    });
    await rollout.until('soaking');
    expect(await rollout.command('hold', { reason: 'the fair is on', expiresIn: '4s' })).toMatchObject({
      state: 'accepted',
    });
    const held = await rollout.until('paused');
    expect(held).toMatchObject({
      waitingFor: 'release of the hold',
      hold: { reason: 'the fair is on', by: 'ann' },
    });
    expect(await rollout.until('soaking')).toMatchObject({ hold: null });
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
  });

  test('a forced hold can be released', async ({ expect }) => {
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', {
      ...quickPlan,
      steps: [{ weight: 10, soak: '1s' }],
    });
    await rollout.until('soaking');
    await rollout.command('hold', { reason: 'wait for the backup' });
    await rollout.until('paused');
    expect((await rollout.command('resume')).answer).toContain('is in force');
    expect(await rollout.command('release-hold')).toMatchObject({ state: 'accepted' });
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
  });
});

describe.concurrent('commands that arrive in odd ways', () => {
  test('twice under one update id have one effect', async ({ expect }) => {
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', longSoak);
    await rollout.until('soaking');
    const id = await rollout.recordCommand('pause');
    const answers = await Promise.all([rollout.deliver(id), rollout.deliver(id), rollout.deliver(id)]);
    expect(new Set(answers.map((answer) => answer.state))).toEqual(new Set(['accepted']));
    await rollout.until('paused');
    expect((await rollout.events()).filter((event) => event.type === 'command.pause')).toHaveLength(1);
    await rollout.command('abort', { reason: 'enough seen' });
    await rollout.result();
  });

  test('again under another update id are answered as before and have no second effect', async ({
    expect,
  }) => {
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', longSoak);
    await rollout.until('soaking');
    const id = await rollout.recordCommand('pause');
    const first = await rollout.deliver(id);
    await rollout.until('paused');
    await rollout.command('resume');
    const again = await rollout.handle.executeUpdate('command', {
      args: [{ commandId: id }],
      updateId: 'typed-by-hand',
    });
    expect(again).toEqual(first);
    expect(await rollout.until('soaking')).toMatchObject({ step: 0 });
    await rollout.command('abort', { reason: 'enough seen' });
    await rollout.result();
  });

  test('in another order than they were given are judged by what they were decided on', async ({
    expect,
  }) => {
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', longSoak);
    const { revision, step } = await rollout.until('soaking');
    const pause = await rollout.recordCommand('pause', { revision, step });
    const abort = await rollout.recordCommand('abort', { revision, step, reason: 'no more' });
    expect(await rollout.deliver(abort)).toMatchObject({ state: 'accepted' });
    expect(await rollout.deliver(pause)).toMatchObject({ state: 'refused' });
    expect(await rollout.result()).toMatchObject({ outcome: 'aborted' });
  });

  test('and are still being answered when the rollout is over are answered all the same', async ({
    expect,
  }) => {
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', { ...longSoak, lease: '30s' });
    await rollout.until('soaking');
    const id = await rollout.recordCommand('abort', { reason: 'enough seen' });
    const answered = await house()
      .db.transaction()
      .execute(async (tx) => {
        // Settling the command has to wait for this lock, so its handler still runs when the story is over.
        await tx.selectFrom('command').select('id').where('id', '=', id).forNoKeyUpdate().execute();
        const answer = rollout.deliver(id);
        answer.catch(() => undefined);
        await expect.poll(async () => (await rollout.row()).status, { timeout: 40_000 }).toBe('closed');
        expect((await rollout.handle.describe()).status.name).toBe('RUNNING');
        return { answer };
      });
    expect(await answered.answer).toMatchObject({ state: 'accepted' });
    expect(await rollout.result()).toEqual({ outcome: 'aborted', reason: 'ann: enough seen' });
  }, 60_000);
});

/** What each watch of the rollout was given, in order, as its history tells. */
async function watches(rollout: StartedRollout): Promise<WatchInput[]> {
  const { events } = await rollout.handle.fetchHistory();
  return (events ?? [])
    .map((event) => event.activityTaskScheduledEventAttributes)
    .filter((scheduled) => scheduled?.activityType?.name === 'watchRollout')
    .map((scheduled) => defaultPayloadConverter.fromPayload(scheduled?.input?.payloads?.[0] ?? {}));
}
