import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ConfigDrift, ConfigReport } from '../../contracts/config-bundle.ts';
import { connectUnwalled, type Db } from '../../db/connect.ts';
import { keepReports } from '../../db/config-rollout/keep-reports.ts';
import { checkFleet } from '../../infra/doctor/fleet.ts';
import { testEnvironment, type TestOrder } from '../support/fleet.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let db: Db;
let order: TestOrder;

beforeAll(async () => {
  database = await testDatabase();
  db = connectUnwalled(database.url, { max: 2 });
  const edge = await testEnvironment(db, 'edge');
  order = await edge.order('global\n');
  await db
    .insertInto('fleet_proxy')
    .values({
      proxy: 'one',
      project: 'default',
      environment: 'edge',
      state: 'enrolled',
      invited_by: 'ann',
      enrolled_at: new Date(),
    })
    .execute();
});
afterAll(async () => {
  await db.destroy();
  await database.close();
});

afterEach(async () => {
  await db.deleteFrom('config_report').execute();
  await db
    .updateTable('fleet_proxy')
    .set({ sequence: null, ordered_at: null, enrolled_at: new Date() })
    .execute();
});

test('a proxy that just enrolled and has no order is well', async () => {
  expect(await finding()).toMatchObject({ name: 'configuration of proxy one (default/edge)', ok: true });
});

test('one that enrolled and was never heard', async () => {
  await ago('enrolled_at', 120);

  await expectWrong('not heard for 120 s', 'holdfast proxy remove one');
});

test('one that serves what it was ordered', async () => {
  await give();
  await tell({ outcome: 'proven' });

  expect(await finding()).toMatchObject({ ok: true });
});

test('one whose agent fell silent', async () => {
  await give();
  await tell({ outcome: 'proven' });
  await db
    .updateTable('fleet_proxy')
    .set({ ordered_at: secondsAgo(90), enrolled_at: secondsAgo(90) })
    .execute();
  await db
    .updateTable('config_report')
    .set({ reported_at: secondsAgo(60) })
    .execute();

  await expectWrong('not heard for 60 s', 'start its agent');
});

test('one whose agent is heard, but tells nothing of its order', async () => {
  await give();
  await ago('ordered_at', 90);
  await db
    .insertInto('proxy')
    .values({ name: 'one', revision: 0, last_seen: new Date(), report: '{}' })
    .execute();

  await expectWrong(`nothing of order ${order.sequence}`, 'log');
  await db.deleteFrom('proxy').execute();
});

describe('one whose report says', () => {
  test.each([
    [
      'that it does not know the key',
      { outcome: 'refused', refusal: 'unknown-key' },
      'signing key',
      'CONFIG_KEYS',
    ],
    [
      'that it brought the old one back',
      { outcome: 'restored', failure: 'no bind' },
      'no bind',
      'proxy show one',
    ],
    [
      'that its file was edited',
      { outcome: 'proven', drift: drift('report') },
      'was edited',
      'drift: revert',
    ],
    ['the same under revert', { outcome: 'proven', drift: drift('revert') }, 'was edited', 'brings it back'],
  ] as const)('%s', async (_, told, problem, fix) => {
    await give();
    await tell(told);

    await expectWrong(problem, fix);
  });

  test('that a drift is mended', async () => {
    await give();
    await tell({ outcome: 'proven', drift: { ...drift('revert'), mended: true } });

    expect(await finding()).toMatchObject({ ok: true });
  });
});

async function finding() {
  const findings = await checkFleet(db);
  expect(findings).toHaveLength(1);
  return findings[0];
}

async function expectWrong(problem: string, fix: string): Promise<void> {
  expect(await finding()).toMatchObject({
    ok: false,
    problem: expect.stringContaining(problem) as string,
    fix: expect.stringContaining(fix) as string,
  });
}

async function give(): Promise<void> {
  const ordered = { sequence: order.sequence, ordered_at: new Date() };
  await db.updateTable('fleet_proxy').set(ordered).execute();
}

async function ago(column: 'enrolled_at' | 'ordered_at', seconds: number): Promise<void> {
  await db
    .updateTable('fleet_proxy')
    .set({ enrolled_at: secondsAgo(seconds), [column]: secondsAgo(seconds) })
    .execute();
}

function secondsAgo(seconds: number) {
  return sql<Date>`clock_timestamp() - ${seconds}::integer * interval '1 second'`;
}

async function tell(told: Partial<ConfigReport>): Promise<void> {
  const { sequence, hash } = order;
  const ref = { revision: order.revision ?? '', sequence, hash };
  const report: ConfigReport = {
    ...{ attempted: ref, running: ref, lastKnownGood: ref, phase: 'idle', outcome: null, refusal: null },
    ...{ failure: null, failedStep: null, timings: {}, drift: null, now: new Date().toISOString() },
    haproxy: { version: '2.6.12', oldWorkers: 0, failedReloads: 0 },
    ...told,
  };
  await keepReports(db, [{ proxy: 'one', report }]);
}

function drift(policy: ConfigDrift['policy']): ConfigDrift {
  const since = new Date().toISOString();
  return { kind: 'file', detail: 'the file was edited', since, policy, mended: false, content: null };
}
