import { expect, test } from 'vitest';
import { deliveriesOf, makeChannel, tell } from '../../support/rollout-house/channels.ts';
import { houseForFile } from '../../support/rollout-house/for-file.ts';
import { makeService, quickPlan, startRollout } from '../../support/rollout-house/people.ts';

const house = houseForFile();

test('receivers that hang keep no rollout from its turn', { timeout: 120_000 }, async () => {
  await house().startReconciliation();
  const channel = await makeChannel(house().db);
  house().notifier.answer(channel, 'silent');
  for (let count = 0; count < 30; count += 1) await tell(house().db, channel);
  const begun = async (): Promise<number> =>
    (await deliveriesOf(house().db, channel)).filter(({ attempts }) => attempts.length > 0).length;
  await expect.poll(begun, { timeout: 60_000 }).toBeGreaterThan(0);

  const plan = { ...quickPlan, lease: '1m' };
  const rollout = await startRollout(house(), await makeService(house()), 'v2', plan);

  expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
});
