import { afterAll, beforeAll, expect, test } from 'vitest';
import { dropKeys, tampers } from '../../bench/audit/tampers.ts';
import { tamperAndVerify } from '../../bench/audit/tampered-log.ts';
import { connectUnwalled, type Db } from '../../db/connect.ts';
import { faultKinds } from '../../domain/audit/fault.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = connectUnwalled(database.url);
  await dropKeys(db);
});
afterAll(async () => {
  await db.destroy();
  await database.close();
});

test('a log that nobody touched is good', async () => {
  const verdict = await tamperAndVerify(db, null, 'untouched');

  expect(verdict).toMatchObject({ fault: null, progress: { seq: 40 }, checkpoints: 2, waiting: 0 });
});

test.each(tampers.map((tamper, index) => ({ ...tamper, index })))(
  '$kind is named, at $seq',
  async ({ index, ...tamper }) => {
    const { fault } = await tamperAndVerify(db, tamper, `tampered-${index}`);

    expect(fault).toMatchObject({ kind: tamper.kind, seq: tamper.seq });
    if (tamper.kind === 'unsealed') expect(fault?.entry).not.toBeNull();
  },
);

test('there is a tamper of every kind', () => {
  expect(new Set(tampers.map(({ kind }) => kind))).toEqual(new Set(Object.keys(faultKinds)));
});
