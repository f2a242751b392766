import { afterEach, expect, test } from 'vitest';
import { nameSome } from '../../activities/feedback-clustering/name.ts';
import { listClusters } from '../../db/feedback-clustering/clusters.ts';
import { inProject } from '../../db/scope.ts';
import { OpsError } from '../../domain/errors.ts';
import { createScriptedModel, type ScriptedModel } from '../../providers/llm/scripted.ts';
import { openClusterHouse, project, type ClusterHouse } from './house.ts';

let house: ClusterHouse;
afterEach(() => house.close());

const said = (title: string): string => JSON.stringify({ title, summary: 'Told by many.' });
const exports = ['The export to CSV fails', 'The export to CSV fails again', 'The export to CSV fails here'];

async function open(answer: () => string): Promise<ScriptedModel> {
  const model = createScriptedModel(answer);
  house = await openClusterHouse({ languageModel: model });
  return model;
}
const name = () => inProject(project, () => nameSome(house.tools, project, new AbortController().signal));
const clusters = (text?: string) =>
  listClusters(house.eyes, project, { after: null, limit: 10, ...(text === undefined ? {} : { text }) });

test('a cluster has the name that the model gave it, and is found by it; items alone are not asked about', async () => {
  const model = await open(() => said('Exports break'));
  for (const title of [...exports.slice(0, 2), 'Dark mode please']) await house.tell({ title, body: '' });
  expect((await house.work()).isNamingDue).toBe(true);

  expect(await name()).toEqual({ named: 1, nextMs: null });

  expect(model.asked).toHaveLength(1);
  expect(model.asked[0]?.text).toContain('The export to CSV fails');
  expect(await clusters('exports break')).toMatchObject([
    {
      title: 'Exports break',
      summary: 'Told by many.',
      describedBy: 'scripted/twin',
      titledBy: null,
      size: 2,
    },
  ]);
  expect((await house.work()).isNamingDue).toBeUndefined();
});

test('it is asked again once the cluster has doubled, and not for each arrival', async () => {
  let nth = 0;
  const model = await open(() => said(`Name ${(nth += 1)}`));
  for (const title of exports.slice(0, 2)) await house.tell({ title });
  await house.work();
  await name();
  await house.tell({ title: 'The export to CSV fails once more' });
  expect((await house.work()).isNamingDue).toBeUndefined();
  await house.tell({ title: 'The export to CSV fails today' });
  await house.work();
  await name();

  expect(model.asked).toHaveLength(2);
  expect(await clusters()).toMatchObject([{ title: 'Name 2', size: 4 }]);
});

test('the name of a person stands above that of the model', async () => {
  const model = await open(() => said('Exports break'));
  for (const title of exports.slice(0, 2)) await house.tell({ title });
  await house.work();
  await name();
  const [before] = await clusters();
  await house.command({ kind: 'rename', cluster: before?.id ?? '', title: 'CSV' });
  await house.work();

  expect(await clusters()).toMatchObject([{ title: 'CSV', titledBy: 'ada' }]);
  for (const title of exports) await house.tell({ title: `${title} still` });
  expect((await house.work()).isNamingDue).toBeUndefined();
  expect(model.asked).toHaveLength(1);
});

test.each([
  [
    'is away',
    () => {
      throw new OpsError('unavailable', 'nobody answers');
    },
    600_000,
  ],
  [
    'is busy',
    () => {
      throw new OpsError('rate-limited', 'later', { retryAfterMs: 30_000 });
    },
    30_000,
  ],
  ['answers nonsense', () => 'certainly!', 600_000],
  ['was talked into a link', () => said('See https://evil.example'), 600_000],
])(
  'a model that %s costs nothing: the words of the items stay, and it is asked later',
  async (_, answer, ms) => {
    await open(answer);
    for (const title of exports.slice(0, 2)) await house.tell({ title });
    await house.work();

    const { named, nextMs } = await name();

    expect(named).toBe(0);
    expect(nextMs).toBeGreaterThan(ms - 10_000);
    expect(nextMs).toBeLessThanOrEqual(ms);
    expect(await clusters()).toMatchObject([{ title: 'The export to CSV fails', describedBy: null }]);
    expect((await name()).named).toBe(0);
  },
);

test('without a model nothing is due', async () => {
  house = await openClusterHouse();
  for (const title of exports) await house.tell({ title });
  expect((await house.work()).isNamingDue).toBeUndefined();
  expect(await name()).toEqual({ named: 0, nextMs: null });
});
