import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { askApi } from '../../../bench/ask-api.ts';
import { ConfigDocument } from '../../../contracts/config-document.ts';
import { badCases } from './bad.ts';
import { uninjectedFields } from './bad/injection.ts';
import { badClasses, type BadCase, type RolledOutCase } from './cases.ts';
import { goodCases } from './good.ts';
import { openCorpusHouse, type CorpusHouse } from './house.ts';
import { judgeBad, type BadResult } from './judge-bad.ts';
import { judgeGood, type GoodResult } from './judge-good.ts';
import { judgeRefused, paper } from './judge-refused.ts';
import type { Lane } from './lane.ts';
import { stringFields } from './string-fields.ts';
import { stringPointers } from './string-pointers.ts';

/**
 * Sixty bad changes and twenty good ones on real HAProxies with their agents, behind a real API, worker, Temporal and Postgres. The plan
 * is one for all of them. `make test` offers all that is refused at the door and rolls a few of the others out; `make test-long` rolls out all of them.
 */
const isLong = inject('long');
const laneCount = isLong ? 2 : 1;
const rolledOut = chosen(badCases.filter(isRolledOut), 4);
const good = chosen(goodCases, 2);
let opening: Promise<CorpusHouse>;
let house: CorpusHouse;
const refused: BadResult[] = [];

beforeAll(async () => {
  opening = openCorpusHouse(laneCount);
  house = await opening;
  await askApi(house.api, { method: 'PUT', route: `/environments/${paper}`, body: {} });
}, 240_000);
// Also of a house that took too long.
afterAll(async () => {
  const opened = await opening.catch(() => null);
  await opened?.close();
}, 120_000);

test('the corpus has sixty bad changes of every class, and twenty good ones', () => {
  const names = [...badCases, ...goodCases].map(({ name }) => name);
  expect([badCases.length, goodCases.length, new Set(names).size]).toEqual([60, 20, 80]);
  expect(badClasses.filter((wanted) => !badCases.some((one) => one.class === wanted))).toEqual([]);
});

test('every text of a document is written by a case of injection', () => {
  expect(stringFields.map(({ pointer }) => pointer).toSorted()).toEqual(
    stringPointers(ConfigDocument).toSorted(),
  );
  expect(uninjectedFields).toEqual([]);
});

test('what can be refused at the door is', { timeout: 600_000 }, async () => {
  for (const one of badCases) if (!isRolledOut(one)) refused.push(await judgeRefused(house.api, one));

  expectRight(refused);
  expect(refused.filter(({ isStopped }) => isStopped).length).toBe(31);
});

test(
  'the others are stopped at the first wave or before it, and good ones are not',
  { timeout: isLong ? 3_600_000 : 600_000 },
  async () => {
    const bad = [...refused, ...(await inLanes(rolledOut, judgeBad))];
    const changed = await inLanes(good, judgeGood);

    const figures = figuresOf(bad, changed);
    console.log(JSON.stringify(figures));
    expectRight([...bad, ...changed]);
    const all = { stopped: refused.length + rolledOut.length, good: good.length };
    expect(figures).toMatchObject({ ...all, escaped: 0, back_within_30s: true, blocked: 0 });
    if (isLong) expect(all).toEqual({ stopped: 60, good: 20 });
  },
);

/** Evenly from one end to the other, so that no class of them is left out for long when cases are added. */
function chosen<T>(all: readonly T[], count: number): readonly T[] {
  if (isLong) return all;
  return Array.from({ length: count }, (_, at) => all[Math.floor((at * all.length) / count)] as T);
}

function expectRight(results: readonly { readonly name: string; readonly problems: readonly string[] }[]) {
  const wrong = results.filter(({ problems }) => problems.length > 0);
  expect(wrong.map(({ name, problems }) => [name, ...problems].join('\n')).join('\n\n')).toBe('');
}

function isRolledOut(one: BadCase): one is RolledOutCase {
  return one.stop !== 'put' && one.stop !== 'file';
}

function figuresOf(bad: readonly BadResult[], good: readonly GoodResult[]) {
  const back = bad.flatMap(({ backMs }) => (backMs === null ? [] : [backMs]));
  return {
    stopped: bad.filter(({ isStopped }) => isStopped).length,
    escaped: bad.filter(({ isStopped }) => !isStopped).length,
    back_within_30s: back.every((ms) => ms <= 30_000),
    back_max_ms: Math.max(0, ...back),
    blocked: good.filter(({ isBlocked }) => isBlocked).length,
    good: good.length,
  };
}

/** Each lane takes the next one when it is free. */
async function inLanes<T, R>(items: readonly T[], work: (lane: Lane, item: T) => Promise<R>): Promise<R[]> {
  const queue = [...items];
  const results: R[] = [];
  await Promise.all(
    house.lanes.map(async (lane) => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift())
        results.push(await work(lane, item));
    }),
  );
  return results;
}
