import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { testDatabase } from '../support/postgres.ts';
import { testTemporal } from '../support/temporal.ts';

const database = await testDatabase();
const temporal = await testTemporal();
afterAll(() => Promise.all([database.close(), temporal.close()]));

test('a test file gets a migrated database of its own', async () => {
  const other = await testDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();

  const { rows } = await client.query("select id from project where id = 'default'");

  expect(rows).toEqual([{ id: 'default' }]);
  expect(other.url).not.toBe(database.url);
  await client.end();
  await other.close();
});

test('the namespace of the run answers and keeps histories for 30 days', async () => {
  const answer = await temporal.client.workflowService.describeNamespace({ namespace: temporal.namespace });

  expect(Number(answer.config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 24 * 3600);
});
