import fc from 'fast-check';
import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectUnwalled, type Db } from '../../../db/connect.ts';
import { receiveTogether } from '../../../db/feedback/receive-together.ts';
import type { Received } from '../../../db/feedback/receive.ts';
import type { Report } from '../../../domain/feedback/report.ts';
import { testDatabase, type TestDatabase } from '../../support/postgres.ts';
import { report } from '../reports.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = connectUnwalled(database.url);
});
afterAll(async () => {
  await db.destroy();
  await database.close();
});

let sources = 0;
const newSource = (): string => `together-${(sources += 1)}`;

const tell = (source: string, deliveryId: string, ...reports: Report[]): Promise<Received> =>
  receiveTogether(db, { project: 'default', source, deliveryId, reports, newId: ulid });

const rows = async (source: string) => {
  const deliveries = await db
    .selectFrom('feedback_delivery')
    .select(['delivery_id', 'outcome', 'counted', 'item_id'])
    .where('source', '=', source)
    .execute();
  const items = await db
    .selectFrom('feedback_item')
    .select(['id', 'external_id', 'occurrences'])
    .where('source', '=', source)
    .execute();
  return { deliveries, items };
};

test('many at once: each answers for itself, and as many occurrences stand as deliveries were told', async () => {
  const delivery = fc.record({ item: fc.integer({ min: 1, max: 8 }), id: fc.integer({ min: 1, max: 60 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(delivery, { minLength: 1, maxLength: 120 }), async (storm) => {
      const source = newSource();
      const answers = await Promise.all(
        storm.map(({ item, id }) =>
          tell(source, `d${id}`, report({ externalId: `${item}`, updatedAt: '2026-11-20T10:30:00.000Z' })),
        ),
      );
      const { deliveries, items } = await rows(source);
      const ids = new Set(storm.map(({ id }) => id));
      expect(deliveries).toHaveLength(ids.size);
      expect(answers.filter(({ isKnown }) => !isKnown)).toHaveLength(ids.size);
      const occurrences = items.reduce((sum, item) => sum + item.occurrences, 0);
      expect(occurrences).toBe(deliveries.reduce((sum, { counted }) => sum + counted, 0));
      for (const [index, { id }] of storm.entries()) {
        const kept = deliveries.find(({ delivery_id }) => delivery_id === `d${id}`);
        expect(answers[index]).toMatchObject({ itemId: kept?.item_id, outcome: kept?.outcome });
      }
    }),
    { numRuns: 25 },
  );
});

test('one that Postgres refuses takes no other with it', async () => {
  const source = newSource();
  const poison = { ...report({ externalId: 'poison' }), kind: 'no such kind' } as unknown as Report;
  const told = await Promise.allSettled([
    tell(source, 'first', report({ externalId: '1' })),
    ...Array.from({ length: 30 }, (_, at) => tell(source, `a${at}`, report({ externalId: `${at}` }))),
    tell(source, 'poison', poison),
    ...Array.from({ length: 30 }, (_, at) => tell(source, `b${at}`, report({ externalId: `${at}` }))),
  ]);
  expect(told.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  expect(told[31]).toMatchObject({ status: 'rejected', reason: { message: /check constraint/ } });
  const { deliveries } = await rows(source);
  expect(deliveries).toHaveLength(61);
  expect(deliveries.some(({ delivery_id }) => delivery_id === 'poison')).toBe(false);
});

test('a database that is gone is told to each of them', async () => {
  const gone = connectUnwalled('postgres://nobody@127.0.0.1:1/none');
  const told = await Promise.allSettled(
    Array.from({ length: 20 }, (_, at) =>
      receiveTogether(gone, {
        ...{ project: 'default', source: 'gone', deliveryId: `${at}`, newId: ulid },
        reports: [report({ externalId: `${at}` })],
      }),
    ),
  );
  expect(told.every(({ status }) => status === 'rejected')).toBe(true);
  await gone.destroy();
});
