import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ConfigReport, SeenRequest } from '../../../contracts/config-bundle.ts';
import { loadConfig } from '../../../config.ts';
import { connect, connectUnwalled, type Db } from '../../../db/connect.ts';
import { keepSeenRequests, seenRequests } from '../../../db/config-rollout/seen-requests.ts';
import { pruneOldRows } from '../../../db/prune.ts';
import { inEveryProject, inProject } from '../../../db/scope.ts';
import { testEnvironment } from '../../support/fleet.ts';
import { testDatabase } from '../../support/postgres.ts';

let database: Awaited<ReturnType<typeof testDatabase>>;
/** As the API has it. */
let db: Db;
let eyes: Db;

beforeAll(async () => {
  database = await testDatabase();
  eyes = connectUnwalled(database.url);
  db = connect(database.url);
  await testEnvironment(eyes);
  const place = { project: 'default', environment: 'production', invited_by: 'ada' };
  await eyes
    .insertInto('fleet_proxy')
    .values([
      { ...place, proxy: 'a', state: 'enrolled' },
      { ...place, proxy: 'b', state: 'enrolled' },
      { ...place, proxy: 'invited', state: 'invited' },
    ])
    .execute();
});
beforeEach(() => eyes.deleteFrom('seen_request').execute());
afterAll(async () => {
  await Promise.all([db.destroy(), eyes.destroy()]);
  await database.close();
});

const requestTo = (path: string): SeenRequest => ({ port: 80, method: 'GET', host: 'shop', path });

async function keep(proxy: string, ...sample: SeenRequest[]): Promise<void> {
  const startsAt = new Date().toISOString();
  const counts = { seconds: 5, sequence: 1, requests: 9, errors: 0, latency: {}, signatures: [] };
  const report: ConfigReport = {
    ...{ attempted: null, running: null, lastKnownGood: null, phase: 'idle', outcome: null, refusal: null },
    ...{ failure: null, failedStep: null, timings: {}, drift: null },
    haproxy: { version: '2.6.12', oldWorkers: 0, failedReloads: 0 },
    windows: [{ startsAt, ...counts, sample }],
    now: startsAt,
  };
  await inProject('default', () => keepSeenRequests(db, [{ proxy, report }]));
}

const seen = () => inProject('default', () => seenRequests(db, 'default', 'production'));
const age = (interval: string) =>
  sql`update seen_request set seen_at = seen_at - ${sql.lit(interval)}::interval`.execute(eyes);

test('each is kept once, whoever saw it, and none of a proxy that is not enrolled', async () => {
  await keep('a', requestTo('/'), requestTo('/cart'), requestTo('/'));
  await keep('b', requestTo('/'));
  await keep('invited', requestTo('/secret'));
  await keep('unknown', requestTo('/secret'));

  const { requests, span } = await seen();
  expect(requests.map(({ path }) => path).sort()).toEqual(['/', '/cart']);
  expect(span?.from.getTime()).toBeLessThanOrEqual(span?.to.getTime() ?? 0);
});

test('there are never more than its slots, the newer one takes the place, and what is fresh is not written again', async () => {
  const many = Array.from({ length: 20_000 }, (_, index) => requestTo(`/old/${index}`));
  await keep('a', ...many);
  const { requests } = await seen();
  expect(requests.length).toBeGreaterThan(4800);
  expect(requests.length).toBeLessThanOrEqual(5000);

  await keep('a', requestTo('/new'));
  expect((await seen()).requests).not.toContainEqual(requestTo('/new'));
  await age('2 minutes');
  await keep('a', requestTo('/new'));
  const later = await seen();
  expect(later.requests[0]).toEqual(requestTo('/new'));
  expect(later.requests).toHaveLength(requests.length);
});

test('two that report the same at once do not get into each other’s way', async () => {
  const some = Array.from({ length: 500 }, (_, index) => requestTo(`/${index}`));
  await Promise.all([keep('a', ...some), keep('b', ...some.toReversed()), keep('a', ...some.toReversed())]);

  expect((await seen()).requests.length).toBeGreaterThan(400);
});

test('what is older than a day is not told, and goes when samples go', async () => {
  await keep('a', requestTo('/'));
  await age('25 hours');

  expect(await seen()).toEqual({ requests: [], span: null });
  await inEveryProject(() => pruneOldRows(db, loadConfig({}).keep));
  expect(await eyes.selectFrom('seen_request').selectAll().execute()).toEqual([]);
});
