import { describe, test } from 'vitest';
import { houseForFile } from '../support/rollout-house/for-file.ts';
import { makeService, quickPlan, startRollout } from '../support/rollout-house/people.ts';
import { openMutations } from './mutants.ts';

const house = houseForFile();
const gated = {
  ...quickPlan,
  // Nobody judges between the two versions of the worker: the lease has to bridge that.
  lease: '1m',
  steps: [{ weight: 10, soak: '1s', gate: true }, { weight: 50, soak: '1s' }, { weight: 100 }],
};

/** The next version of the story, changed the way that running operations survive. */
const nextVersion = {
  name: 'a pause after each step, patched in',
  file: 'workflows/canary-rollout/climb.ts',
  header: "import { patched, sleep } from '@temporalio/workflow';\n",
  from: 'run.token = shifted.token;',
  to: "if (patched('pause-after-step')) await sleep(10);\n  run.token = shifted.token;",
};

describe('a new version of the story', () => {
  test(
    'finishes what the old one began, and what it begins itself',
    { timeout: 60_000 },
    async ({ expect }) => {
      const before = await startRollout(house(), await makeService(house()), 'v2', gated);
      await before.until('waiting-for-approval');
      const mutations = await openMutations();
      const next = await mutations.bundle(nextVersion).finally(() => mutations.close());
      await house().stopWorkers();
      await house().startWorkers(next);
      const after = await startRollout(house(), await makeService(house()), 'v2', gated);
      await Promise.all([before.decide('approve'), after.decide('approve')]);
      expect(await before.result()).toMatchObject({ outcome: 'promoted' });
      expect(await after.result()).toMatchObject({ outcome: 'promoted' });
    },
  );
});
