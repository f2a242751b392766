import { describe, test } from 'vitest';
import { houseForFile } from '../../support/rollout-house/for-file.ts';
import { makeService, quickPlan, startRollout } from '../../support/rollout-house/people.ts';

const house = houseForFile();

describe.concurrent('a rollout that goes well', () => {
  test('is promoted, step by step, after the approval of its gate', async ({ expect }) => {
    const service = await makeService(house());
    const plan = {
      ...quickPlan,
      steps: [{ weight: 10, soak: '1s' }, { weight: 50, soak: '1s', gate: true }, { weight: 100 }],
    };
    const rollout = await startRollout(house(), service, 'v2', plan);
    await rollout.decide('approve');
    expect(await rollout.result()).toEqual({ outcome: 'promoted', reason: 'v2 serves everything' });
    const applied = house()
      .effects.filter((e) => e.service === service && e.what.startsWith('applied'))
      .map((e) => e.what);
    expect(applied).toEqual([
      'applied v1=100',
      'applied v1=90 v2=10',
      'applied v1=50 v2=50',
      'applied v1=0 v2=100',
      'applied v2=100 v1=0',
    ]);
    expect((await rollout.events()).map((event) => event.type)).toEqual([
      'rollout.started',
      'release.healthy',
      'step.verified',
      'step.passed',
      'step.verified',
      'step.passed',
      'gate.opened',
      'gate.approved',
      'step.verified',
      'release.promoted',
      'rollout.closed',
    ]);
    expect(await rollout.row()).toMatchObject({ status: 'closed', outcome: 'promoted' });
  });

  test('of a first release says that nothing was compared', async ({ expect }) => {
    const service = await makeService(house(), { stable: null });
    const rollout = await startRollout(house(), service, 'v1');
    const { reason } = await rollout.result();
    expect(reason).toContain('nothing was compared, it is the first release');
    expect((await rollout.row()).summary).toContain('nothing was compared');
    expect(house().agent.weights(service)).toEqual({ v1: 100 });
  });
});
