import { ulid } from 'ulid';
import { describe, test } from 'vitest';
import type { CanaryPlanInput } from '../../../contracts/canary-plan.ts';
import { houseForFile } from '../../support/rollout-house/for-file.ts';
import { makeService, quickPlan, startRollout } from '../../support/rollout-house/people.ts';
import { expectUndone } from '../../support/rollout-house/proof.ts';

const house = houseForFile();

type Gate = NonNullable<NonNullable<CanaryPlanInput['steps']>[number]['gate']>;

function gated(gate: Gate = true) {
  return { ...quickPlan, steps: [{ weight: 20, soak: '1s', gate }, { weight: 100 }] };
}

const eventTypes = async (rollout: { events(): Promise<{ type: string }[]> }): Promise<string[]> =>
  (await rollout.events()).map((event) => event.type);

describe.concurrent('a gate', () => {
  test('is rejected: the rollout is undone and says by whom', async ({ expect }) => {
    const rollout = await startRollout(house(), await makeService(house()), 'v2', gated());
    await rollout.decide('reject');
    expect(await rollout.result()).toEqual({ outcome: 'rejected', reason: 'bob: rejected' });
    await expectUndone(house(), rollout, 'rejected');
  });

  test('is not opened by an approval of something else', async ({ expect }) => {
    const rollout = await startRollout(house(), await makeService(house()), 'v2', gated());
    await rollout.until('waiting-for-approval');
    await rollout.decide('approve', 'sha256:something-else');
    await expect.poll(() => eventTypes(rollout)).toContain('approval.attempt');
    expect(await rollout.state()).toMatchObject({ phase: 'waiting-for-approval', weight: 20 });
    await rollout.decide('approve');
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
  });

  test('is not opened by who started the rollout, though the row is there', async ({ expect }) => {
    const rollout = await startRollout(house(), await makeService(house()), 'v2', gated());
    const { gate } = await rollout.until('waiting-for-approval');
    const id = await rollout.recordDecision('approve', gate?.subject ?? '', 'ann');
    await rollout.handle.signal('approval', { decisionId: id });
    await expect.poll(() => eventTypes(rollout)).toContain('gate.answered');
    expect(await rollout.state()).toMatchObject({ phase: 'waiting-for-approval', weight: 20 });
    await rollout.decide('approve');
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
  });

  test('is opened by who started the rollout where the plan allows it', async ({ expect }) => {
    const plan = gated({ allowRequester: true });
    const rollout = await startRollout(house(), await makeService(house()), 'v2', plan);
    const { gate } = await rollout.until('waiting-for-approval');
    const id = await rollout.recordDecision('approve', gate?.subject ?? '', 'ann');
    await rollout.handle.signal('approval', { decisionId: id });
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
  });

  test('that two must open waits for the second; one rejection is enough', async ({ expect }) => {
    const [good, bad] = await Promise.all(
      [1, 2].map(async () =>
        startRollout(house(), await makeService(house()), 'v2', gated({ approvals: 2 })),
      ),
    );
    for (const rollout of [good, bad]) {
      await rollout?.decide('approve');
      await expect.poll(() => (rollout ? eventTypes(rollout) : [])).toContain('gate.answered');
      expect(await rollout?.state()).toMatchObject({ phase: 'waiting-for-approval', weight: 20 });
    }
    const answer = async (rollout: typeof good, decision: 'approve' | 'reject') => {
      const subject = (await rollout?.state())?.gate?.subject ?? '';
      const id = await rollout?.recordDecision(decision, subject, 'cyd');
      await rollout?.handle.signal('approval', { decisionId: id });
    };
    await answer(good, 'approve');
    await answer(bad, 'reject');
    expect(await good?.result()).toMatchObject({ outcome: 'promoted' });
    expect(await bad?.result()).toMatchObject({ outcome: 'rejected', reason: 'cyd: rejected' });
  });

  test('is not opened by a signal that names no recorded decision', async ({ expect }) => {
    const rollout = await startRollout(house(), await makeService(house()), 'v2', gated());
    await rollout.until('waiting-for-approval');
    for (let times = 0; times < 3; times += 1)
      await rollout.handle.signal('approval', { decisionId: ulid() });
    await expect
      .poll(async () => (await eventTypes(rollout)).filter((type) => type === 'approval.attempt').length)
      .toBe(3);
    expect(await rollout.state()).toMatchObject({ phase: 'waiting-for-approval' });
    await rollout.decide('approve');
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
  });

  test('takes an approval that is announced many times once, and consumes it', async ({ expect }) => {
    const rollout = await startRollout(house(), await makeService(house()), 'v2', gated());
    const { gate } = await rollout.until('waiting-for-approval');
    const id = await rollout.recordDecision('approve', gate?.subject ?? '');
    await Promise.all([1, 2, 3].map(() => rollout.handle.signal('approval', { decisionId: id })));
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
    expect((await eventTypes(rollout)).filter((type) => type === 'gate.approved')).toHaveLength(1);
    const row = await house()
      .db.selectFrom('approval_decision')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    expect(row.consumed_at).toBeInstanceOf(Date);
  });

  test('is not skipped by promoting in full: each asks, and each approval is used up', async ({ expect }) => {
    const step = { soak: '1m', gate: true as const };
    const plan = { ...quickPlan, steps: [{ weight: 20, ...step }, { weight: 50, ...step }, { weight: 100 }] };
    const rollout = await startRollout(house(), await makeService(house()), 'v2', plan);
    await rollout.until('soaking');
    expect(await rollout.command('promote-full')).toMatchObject({ state: 'accepted' });
    const first = await rollout.until('waiting-for-approval');
    await rollout.decide('approve');
    await rollout.until(({ gate }) => gate !== null && gate.subject !== first.gate?.subject);
    await rollout.decide('approve');
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
    const rows = await house()
      .db.selectFrom('approval_decision')
      .select('consumed_at')
      .where('operation_id', '=', rollout.operationId)
      .execute();
    expect(rows.map((row) => row.consumed_at)).toEqual([expect.any(Date), expect.any(Date)]);
  });

  test('does not take an approval that came before it asked', async ({ expect }) => {
    const rollout = await startRollout(house(), await makeService(house()), 'v2', gated());
    await rollout.until('soaking');
    await rollout.decide('approve', 'sha256:guessed');
    expect(await rollout.until('waiting-for-approval')).toMatchObject({ weight: 20 });
    await expect.poll(() => eventTypes(rollout)).toContain('approval.attempt');
    await rollout.decide('reject');
    expect(await rollout.result()).toMatchObject({ outcome: 'rejected' });
  });

  test('that nobody answers aborts the rollout in the end', async ({ expect }) => {
    const rollout = await startRollout(house(), await makeService(house()), 'v2', gated({ timeout: '2s' }));
    expect(await rollout.result()).toEqual({ outcome: 'aborted', reason: 'nobody approved in time' });
    await expectUndone(house(), rollout, 'aborted');
  });

  test('that nobody answers stays where it is when the plan says so, and can still be approved', async ({
    expect,
  }) => {
    const plan = gated({ timeout: '1s', onTimeout: 'hold' });
    const rollout = await startRollout(house(), await makeService(house()), 'v2', plan);
    await expect.poll(() => eventTypes(rollout), { timeout: 15_000 }).toContain('gate.overdue');
    const overdue = await rollout.state();
    expect(overdue).toMatchObject({ phase: 'waiting-for-approval', weight: 20 });
    expect(Date.parse(overdue.gate?.deadline ?? '')).toBeGreaterThan(Date.now());
    await rollout.decide('approve');
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
  });

  test('goes on judging: a canary that turns bad is rolled back without an answer', async ({ expect }) => {
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', gated());
    await rollout.until('waiting-for-approval');
    house().agent.behave(service, 'v2', { errorRate: 0.5 });
    expect(await rollout.result()).toMatchObject({ outcome: 'rolled-back' });
    await expectUndone(house(), rollout, 'rolled-back');
  });

  test('is passed by nothing but an approval: promoting is refused', async ({ expect }) => {
    const rollout = await startRollout(house(), await makeService(house()), 'v2', gated());
    await rollout.until('waiting-for-approval');
    for (const kind of ['promote', 'promote-full', 'pause', 'resume'] as const) {
      expect(await rollout.command(kind)).toMatchObject({ state: 'refused' });
    }
    await rollout.decide('approve');
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
  });
});
