import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, expect, inject, test } from 'vitest';
import { workflowBundle } from '../../workers/bundle.ts';
import { prefixesOf, savedHistories, type SavedHistory } from './histories.ts';
import { mutants, openMutations, type Mutant } from './mutants.ts';
import { replay, type ReplayBundle } from './replay.ts';

/** Histories that were recorded once go on with the code as it is now, from wherever a worker takes them over. */
let bundle: ReplayBundle;
let histories: SavedHistory[];

beforeAll(async () => {
  histories = await savedHistories();
  bundle = await workflowBundle(path.join(tmpdir(), `holdfast-test-bundle-${process.getuid?.() ?? 0}`));
});

test('there are histories of every way a rollout goes', () => {
  const stories = histories.map(({ name }) => name.split('/')[1]);
  expect(stories).toEqual(
    expect.arrayContaining([
      'promoted',
      'rolled-back',
      'aborted',
      'escalated',
      'steered',
      'first-release',
      'rollback',
      'reconciliation',
      'notification',
      'notification-given-up',
      'feedback-clustering',
      'feedback-sync',
      'config-completed',
      'config-rolled-back',
      'config-aborted',
      'config-rejected',
      'config-rollback',
      'pair-promoted',
      'pair-rolled-back',
      'pair-not-taken',
      'pair-rollback',
    ]),
  );
});

test('every saved history replays', async () => {
  expect(await replay(bundle, histories)).toEqual([]);
});

test('every prefix that ends with a workflow task replays', { timeout: 120_000 }, async () => {
  const prefixes = histories.flatMap(prefixesOf);
  expect(prefixes.length).toBeGreaterThan(50);
  expect(await replay(bundle, prefixes)).toEqual([]);
});

/** One of each file, and every one in `make test-long`: each is bundled anew. */
const chosen = inject('long')
  ? mutants
  : mutants.filter(({ file }, index) => mutants.findIndex((other) => other.file === file) === index);

test('a changed workflow is caught', { timeout: 300_000 }, async () => {
  const mutations = await openMutations();
  const survivors: string[] = [];
  for (const mutant of chosen) {
    const problems = await replay(await mutations.bundle(mutant), historiesOf(mutant));
    if (problems.length === 0) survivors.push(mutant.name);
  }
  await mutations.close();
  expect(survivors).toEqual([]);
});

/** Those that run the changed file; all where it serves every workflow. */
function historiesOf({ file }: Mutant): SavedHistory[] {
  const folder = /^workflows\/([a-z-]+)/.exec(file)?.[1] ?? 'shared';
  const stem = folder.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()).replace(/out$/, '');
  const own = histories.filter(({ history }) => workflowType(history).startsWith(stem));
  return own.length === 0 ? histories : own;
}

function workflowType({ events }: SavedHistory['history']): string {
  const started = events[0]?.['workflowExecutionStartedEventAttributes'] as {
    workflowType: { name: string };
  };
  return started.workflowType.name;
}
