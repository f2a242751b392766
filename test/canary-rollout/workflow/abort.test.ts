import { describe, test } from 'vitest';
import { houseForFile } from '../../support/rollout-house/for-file.ts';
import {
  makeService,
  quickPlan,
  startRollout,
  type StartedRollout,
} from '../../support/rollout-house/people.ts';
import { expectUndone } from '../../support/rollout-house/proof.ts';
import type { RolloutHouse } from '../../support/rollout-house.ts';

const house = houseForFile();

/** How a rollout is brought into a phase and kept there, and how it is let go when it has to end. */
interface Stage {
  readonly phase: string;
  reach(rollout: StartedRollout): Promise<void>;
  prepare?(house: RolloutHouse, service: string): void;
  letGo?(house: RolloutHouse, service: string): void;
}

const plan = {
  ...quickPlan,
  steps: [{ weight: 10, soak: '1m' }, { weight: 100 }],
  timeouts: { ...quickPlan.timeouts, health: '1m', verify: '1m', hold: '1m' },
};
const gated = { ...plan, steps: [{ weight: 10, soak: '1s', gate: true }, { weight: 100 }] };

const stages: readonly Stage[] = [
  {
    phase: 'health-check',
    prepare: (here, service) => here.sicken(service, 'HTTP 503'),
    reach: async (rollout) => void (await rollout.until('health-check')),
  },
  {
    phase: 'shifting',
    prepare: (here, service) => here.agent.stick(service, true),
    reach: async (rollout) => void (await rollout.until('shifting')),
    letGo: (here, service) => here.agent.stick(service, false),
  },
  { phase: 'soaking', reach: async (rollout) => void (await rollout.until('soaking')) },
  {
    phase: 'holding',
    prepare: (here, service) => {
      for (const version of ['v1', 'v2']) here.agent.behave(service, version, { errorRate: 0.4 });
    },
    reach: async (rollout) => void (await rollout.until('holding')),
  },
  {
    phase: 'paused',
    reach: async (rollout) => {
      await rollout.until('soaking');
      await rollout.command('pause');
      await rollout.until('paused');
    },
  },
  {
    phase: 'waiting-for-approval',
    reach: async (rollout) => void (await rollout.until('waiting-for-approval')),
  },
];

describe.concurrent.each(stages)('while $phase', (stage) => {
  async function begin(): Promise<StartedRollout> {
    const service = await makeService(house());
    stage.prepare?.(house(), service);
    const rollout = await startRollout(
      house(),
      service,
      'v2',
      stage.phase === 'waiting-for-approval' ? gated : plan,
    );
    await stage.reach(rollout);
    return rollout;
  }

  test('an abort ends it and undoes everything', async ({ expect }) => {
    const rollout = await begin();
    stage.letGo?.(house(), rollout.service);
    expect(await rollout.command('abort', { reason: 'changed my mind' })).toMatchObject({
      state: 'accepted',
    });
    expect(await rollout.result()).toEqual({ outcome: 'aborted', reason: 'ann: changed my mind' });
    await expectUndone(house(), rollout, 'aborted');
  });

  test('a cancellation from Temporal does the same', async ({ expect }) => {
    const rollout = await begin();
    stage.letGo?.(house(), rollout.service);
    await rollout.handle.cancel();
    expect(await rollout.result()).toEqual({ outcome: 'cancelled', reason: 'the workflow was cancelled' });
    await expectUndone(house(), rollout, 'cancelled');
  });
});

describe.concurrent('while it has hardly started', () => {
  test('a cancellation before its first task closes it, and nothing was done', async ({ expect }) => {
    const service = await makeService(house());
    const rollout = await startRollout(house(), service);
    await rollout.handle.cancel();
    expect(await rollout.result()).toMatchObject({ outcome: 'cancelled' });
    await expectUndone(house(), rollout, 'cancelled');
  });

  test('an abort that comes first of all ends it', async ({ expect }) => {
    const service = await makeService(house());
    house().sicken(service, 'HTTP 503');
    const rollout = await startRollout(house(), service);
    await rollout.until(() => true);
    const answer = await rollout.command('abort', { reason: 'wrong version' });
    if (answer.state === 'refused') await rollout.command('abort', { reason: 'wrong version' });
    expect(await rollout.result()).toEqual({ outcome: 'aborted', reason: 'ann: wrong version' });
    await expectUndone(house(), rollout, 'aborted');
  });
});
