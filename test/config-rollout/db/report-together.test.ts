import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ConfigReport, ProxyWindow } from '../../../contracts/config-bundle.ts';
import { reportTogether } from '../../../db/config-rollout/report-together.ts';
import { connect, connectUnwalled, type Db } from '../../../db/connect.ts';
import { pruneOldRows } from '../../../db/prune.ts';
import { inEveryProject, inProject } from '../../../db/scope.ts';
import { loadConfig } from '../../../config.ts';
import { testEnvironment } from '../../support/fleet.ts';
import { testDatabase } from '../../support/postgres.ts';

const proxies = ['a', 'b', 'c'];
const begin = Date.parse('2026-01-01T00:00:00.000Z');
let database: Awaited<ReturnType<typeof testDatabase>>;
/** As the API has it. */
let db: Db;
let eyes: Db;

beforeAll(async () => {
  database = await testDatabase();
  eyes = connectUnwalled(database.url);
  db = connect(database.url);
  await testEnvironment(eyes);
});
beforeEach(async () => {
  await eyes.deleteFrom('fleet_proxy').execute();
  const place = { project: 'default', environment: 'production', state: 'enrolled' as const };
  for (const proxy of proxies)
    await eyes
      .insertInto('fleet_proxy')
      .values({ ...place, proxy, invited_by: 'ada' })
      .execute();
});
afterAll(async () => {
  await Promise.all([db.destroy(), eyes.destroy()]);
  await database.close();
});

function reportOf(told: Partial<ConfigReport>): ConfigReport {
  return {
    ...{ attempted: null, running: null, lastKnownGood: null, phase: 'idle', outcome: null, refusal: null },
    ...{ failure: null, failedStep: null, timings: {}, drift: null },
    haproxy: { version: '2.6.12', oldWorkers: 0, failedReloads: 0 },
    now: new Date().toISOString(),
    ...told,
  };
}

function refOf(sequence: number) {
  return { revision: 'a'.repeat(64), sequence, hash: `hash-${sequence}` };
}

function windowAt(second: number, requests: number): ProxyWindow {
  const startsAt = new Date(begin + second * 1000).toISOString();
  return {
    startsAt,
    seconds: 1,
    sequence: 1,
    requests,
    errors: 0,
    latency: { '3': requests },
    signatures: [],
  };
}

const keep = (proxy: string, told: Partial<ConfigReport>) =>
  inProject('default', () => reportTogether(db, { proxy, report: reportOf(told) }));

test('whatever comes together, the latest of each proxy stands and each window is counted once', async () => {
  const told = fc.record({
    proxy: fc.constantFrom(...proxies, 'unknown'),
    at: fc.nat(1000),
    sequence: fc.integer({ min: 1, max: 3 }),
    windows: fc.uniqueArray(fc.nat(20), { maxLength: 4 }),
    isPoisoned: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(told, { minLength: 1, maxLength: 40 }), async (all) => {
      await eyes.deleteFrom('config_report').execute();
      await eyes.deleteFrom('proxy_window').execute();
      const outcomes = await Promise.allSettled(
        all.map(({ proxy, at, sequence, windows, isPoisoned }) =>
          keep(proxy, {
            now: new Date(begin + at).toISOString(),
            running: refOf(sequence),
            failure: isPoisoned ? '\u0000' : null,
            windows: windows.map((second) => windowAt(second, second)),
          }),
        ),
      );

      for (const [index, outcome] of outcomes.entries()) {
        const { proxy, isPoisoned } = all[index] ?? { proxy: '', isPoisoned: false };
        if (isPoisoned) expect(outcome.status).toBe('rejected');
        else
          expect(outcome).toEqual({
            status: 'fulfilled',
            value: proxy === 'unknown' ? null : { agentOrder: null },
          });
      }
      const good = all.filter(({ proxy, isPoisoned }) => proxy !== 'unknown' && !isPoisoned);
      const rows = await eyes.selectFrom('config_report').select(['proxy', 'report']).execute();
      for (const proxy of proxies) {
        const latest = Math.max(-1, ...good.filter((one) => one.proxy === proxy).map(({ at }) => at));
        const row = rows.find((one) => one.proxy === proxy);
        expect(row?.report.now).toBe(latest < 0 ? undefined : new Date(begin + latest).toISOString());
      }
      const counted = await eyes.selectFrom('proxy_window').select(['proxy', 'requests']).execute();
      const expected = new Set(
        good.flatMap(({ proxy, windows }) => windows.map((second) => `${proxy} ${second}`)),
      );
      expect(counted.map(({ proxy, requests }) => `${proxy} ${requests}`).sort()).toEqual(
        [...expected].sort(),
      );
    }),
    { numRuns: 25, seed: 7 },
  );
});

test('since when it runs what it runs changes with that alone', async () => {
  const since = async () =>
    (
      await eyes
        .selectFrom('config_report')
        .select('running_since')
        .where('proxy', '=', 'a')
        .executeTakeFirst()
    )?.running_since;
  await keep('a', { running: null });
  expect(await since()).toBeNull();
  await keep('a', { running: refOf(1) });
  const first = await since();
  await keep('a', { running: refOf(1), drift: null });
  expect(await since()).toEqual(first);
  await keep('a', { running: refOf(2) });

  expect((await since())?.getTime()).toBeGreaterThan(first?.getTime() ?? Infinity);
});

test('a report of another project’s proxy is not one', async () => {
  const kept = await inProject('other', () => reportTogether(db, { proxy: 'a', report: reportOf({}) }));

  expect(kept).toBeNull();
  expect(await eyes.selectFrom('config_report').selectAll().execute()).toEqual([]);
});

test('windows are kept as long as counters are', async () => {
  const now = Math.floor(Date.now() / 1000) - begin / 1000;
  await keep('a', { windows: [windowAt(0, 1), windowAt(now, 2)] });

  await inEveryProject(() => pruneOldRows(db, loadConfig({}).keep));

  const left = await eyes.selectFrom('proxy_window').select('requests').execute();
  expect(left).toEqual([{ requests: 2 }]);
});
