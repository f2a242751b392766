import fc from 'fast-check';
import { sql } from 'kysely';
import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../../config.ts';
import { connectUnwalled, type Db } from '../../../db/connect.ts';
import { pruneOldRows } from '../../../db/prune.ts';
import { listUploads, openUpload } from '../../../db/feedback/upload.ts';
import { receive, type Received } from '../../../db/feedback/receive.ts';
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
/** A source that nothing came from yet. */
const newSource = (): string => `source-${(sources += 1)}`;

const tell = (source: string, deliveryId: string, ...reports: Report[]): Promise<Received> =>
  receive(db, { project: 'default', source, deliveryId, reports, newId: ulid });

const item = (source: string, externalId = '1') =>
  db
    .selectFrom('feedback_item')
    .selectAll()
    .select(
      sql<boolean>`exists (select from feedback_told t where t.item_id = feedback_item.id)`.as('touched'),
    )
    .where('source', '=', source)
    .where('external_id', '=', externalId)
    .executeTakeFirstOrThrow();

const hours = (source: string) =>
  db
    .selectFrom('feedback_occurrence as o')
    .innerJoin('feedback_item as i', 'i.id', 'o.item_id')
    .select(['o.hour', 'o.release', 'o.count'])
    .where('i.source', '=', source)
    .orderBy('o.hour')
    .orderBy('o.release')
    .execute();

/** As the clustering leaves an item. */
const cluster = async (source: string) => {
  await sql`delete from feedback_told`.execute(db);
  await sql`update feedback_item set clustering = 'clustered' where source = ${source}`.execute(db);
};

const day = (hour: number): string => `2026-11-20T${String(hour).padStart(2, '0')}:30:00.000Z`;

test('a report is kept once, however often its delivery comes', async () => {
  const source = newSource();

  const first = await tell(source, 'd1', report());
  const again = await tell(source, 'd1', report({ title: 'something else under the same id' }));

  expect(first).toMatchObject({ outcome: 'new', counted: 1, isKnown: false });
  expect(again).toEqual({ ...first, changed: 0, isKnown: true });
  expect(await item(source)).toMatchObject({
    title: 'The export fails',
    occurrences: 1,
    revision: 1,
    clustering: 'pending',
    touched: false,
  });
});

test('the same delivery at once from many sides counts once', async () => {
  const source = newSource();

  const all = await Promise.all(Array.from({ length: 20 }, () => tell(source, 'd1', report())));

  expect(all.filter(({ isKnown }) => !isKnown)).toHaveLength(1);
  expect(new Set(all.map(({ itemId }) => itemId)).size).toBe(1);
  expect((await item(source)).occurrences).toBe(1);
});

test('a newer state wins and is clustered again where its text changed', async () => {
  const source = newSource();
  await tell(source, 'd1', report());
  await cluster(source);

  const relabelled = await tell(source, 'd2', report({ updatedAt: day(11), labels: ['bug'] }));
  const afterLabel = await item(source);
  await cluster(source);
  const rewritten = await tell(source, 'd3', report({ updatedAt: day(12), body: 'It ends at once.' }));
  const afterText = await item(source);

  expect([relabelled.outcome, rewritten.outcome]).toEqual(['update', 'update']);
  expect(afterLabel).toMatchObject({ labels: ['bug'], clustering: 'clustered', revision: 1, touched: true });
  expect(afterText).toMatchObject({ body: 'It ends at once.', clustering: 'pending', revision: 2 });
  expect(afterText.occurrences).toBe(1);
});

test('an older state that comes late changes nothing', async () => {
  const source = newSource();
  await tell(source, 'd2', report({ updatedAt: day(12), status: 'closed', title: 'newer' }));

  expect((await tell(source, 'd1', report({ updatedAt: day(11) }))).outcome).toBe('older');
  expect(await item(source)).toMatchObject({ title: 'newer', status: 'closed', occurrences: 1 });
});

test('what is opened again enters the clustering again', async () => {
  const source = newSource();
  await tell(source, 'd1', report({ status: 'closed', updatedAt: day(11) }));
  await cluster(source);

  await tell(source, 'd2', report({ status: 'open', updatedAt: day(12) }));

  expect(await item(source)).toMatchObject({ status: 'open', clustering: 'pending', revision: 2 });
});

test('a state that is told again as it is counts as an occurrence and its cluster notices', async () => {
  const source = newSource();
  await tell(source, 'd1', report());
  await cluster(source);

  expect((await tell(source, 'd2', report())).outcome).toBe('repeat');
  expect(await item(source)).toMatchObject({ occurrences: 2, clustering: 'clustered', touched: true });
});

test('every event counts, by the hour and the release it happened in', async () => {
  const source = newSource();
  const event = (deliveryId: string, hour: number, release: string | null) =>
    tell(
      source,
      deliveryId,
      report({ nature: 'event', kind: 'error', createdAt: day(hour), updatedAt: day(hour), release }),
    );

  await event('d1', 10, '1.0');
  await event('d2', 10, '1.0');
  await event('d3', 11, '1.1');
  await event('d4', 9, null);

  expect(await item(source)).toMatchObject({ occurrences: 4, release: '1.1' });
  expect((await item(source)).first_seen.toISOString()).toBe(day(9));
  expect((await hours(source)).map(({ hour, ...rest }) => ({ hour: hour.toISOString(), ...rest }))).toEqual([
    { hour: '2026-11-20T09:00:00.000Z', release: '', count: 1 },
    { hour: '2026-11-20T10:00:00.000Z', release: '1.0', count: 2 },
    { hour: '2026-11-20T11:00:00.000Z', release: '1.1', count: 1 },
  ]);
});

test('an error with the fingerprint it had stays where it is, whatever values its message holds', async () => {
  const source = newSource();
  const failing = (id: number) =>
    report({
      ...{ nature: 'event', kind: 'error', title: `order ${id} failed`, updatedAt: day(10 + id) },
      exception: { type: 'TimeoutError', message: `order ${id} failed`, stack: null },
    });
  await tell(source, 'd1', failing(1));
  await cluster(source);

  await tell(source, 'd2', failing(2));

  expect(await item(source)).toMatchObject({
    ...{ title: 'order 2 failed', clustering: 'clustered', revision: 1, touched: true },
    fingerprint: '1 exception TimeoutError\norder <number> failed',
  });
});

test('a delivery of many reports counts each, also several about the same thing', async () => {
  const source = newSource();
  const event = (externalId: string) => report({ externalId, nature: 'event' });

  const received = await tell(source, 'd1', event('a'), event('b'), event('a'), event('a'));

  expect(received).toMatchObject({ outcome: 'new', counted: 4 });
  expect(received.itemId).toBe((await item(source, 'a')).id);
  expect((await item(source, 'a')).occurrences).toBe(3);
  expect(await tell(source, 'd1', event('a'))).toMatchObject({ isKnown: true, counted: 4 });
  expect((await item(source, 'a')).occurrences).toBe(3);
});

test('a delivery without a report is remembered', async () => {
  const source = newSource();

  const filtered = await receive(db, {
    ...{ project: 'default', source, deliveryId: 'd1', reports: [], withoutReports: 'filtered' as const },
    newId: ulid,
  });

  expect(filtered).toEqual({ outcome: 'filtered', itemId: null, counted: 0, changed: 0, isKnown: false });
  expect(await tell(source, 'd1', report())).toMatchObject({ outcome: 'filtered', isKnown: true });
});

test('who locks the same items the other way round holds no delivery up for ever', async () => {
  const source = newSource();
  const both = (id: string) =>
    tell(
      source,
      id,
      report({ externalId: 'a', nature: 'event' }),
      report({ externalId: 'b', nature: 'event' }),
    );
  await both('d0');

  const other = db.transaction().execute(async (tx) => {
    const lock = (id: string) =>
      sql`update feedback_item set fault = 'locked' where source = ${source} and external_id = ${id}`.execute(
        tx,
      );
    await lock('b');
    // Long enough for the delivery to hold the first and wait for the second.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await lock('a');
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  const received = await both('d1');
  const outcome = await other.then(
    () => 'went through',
    (error: { code?: string }) => error.code,
  );

  expect(received).toMatchObject({ outcome: 'repeat', counted: 2 });
  expect((await item(source, 'a')).occurrences).toBe(2);
  expect(['went through', '40P01']).toContain(outcome);
});

test('deliveries and files are forgotten after their time, what they told stays', async () => {
  const source = newSource();
  await tell(source, 'old', report());
  await tell(source, 'young', report({ externalId: '2' }));
  await sql`update feedback_delivery set received_at = now() - interval '31 days'
    where source = ${source} and delivery_id = 'old'`.execute(db);
  await openUpload(db, { id: ulid(), project: 'default', format: 'csv', principal: 'ann' });
  await sql`update feedback_upload set started_at = now() - interval '31 days'`.execute(db);

  await pruneOldRows(db, loadConfig({}).keep);

  const left = await db
    .selectFrom('feedback_delivery')
    .select('delivery_id')
    .where('source', '=', source)
    .execute();
  expect(left).toEqual([{ delivery_id: 'young' }]);
  expect(await listUploads(db, 'default', { before: null, limit: 10 })).toEqual([]);
  expect((await item(source)).occurrences).toBe(1);
});

const anyReport = fc
  .record({
    externalId: fc.constantFrom('a', 'b'),
    nature: fc.constantFrom('state' as const, 'event' as const),
    title: fc.constantFrom('one', 'two', 'three'),
    status: fc.constantFrom('open' as const, 'closed' as const),
    labels: fc.constantFrom([], ['bug']),
    updatedAt: fc.constantFrom(day(11), day(12), day(13)),
  })
  .map((parts) => report(parts));
const anyDeliveries = fc
  .array(fc.array(anyReport, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 8 })
  .chain((batches) => {
    const all = batches.map((reports, index) => ({ id: `d${index}`, reports }));
    const doubled = [...all, ...all.slice(0, 2)];
    return fc.tuple(fc.constant(all), fc.shuffledSubarray(doubled, { minLength: doubled.length }));
  });

test('in any order, at once and twice: the same end, and as many occurrences as were counted', async () => {
  await fc.assert(
    fc.asyncProperty(anyDeliveries, async ([inOrder, shuffled]) => {
      const [one, other] = [newSource(), newSource()];
      for (const { id, reports } of inOrder) await tell(one, id, ...reports);
      await Promise.all(shuffled.map(({ id, reports }) => tell(other, id, ...reports)));

      expect(await endOf(other)).toEqual(await endOf(one));
      for (const source of [one, other]) {
        const { told, kept, byHour } = await sums(source);
        expect(kept).toBe(told);
        expect(byHour).toBe(told);
      }
    }),
    { numRuns: 60 },
  );
});

async function endOf(source: string) {
  return db
    .selectFrom('feedback_item')
    .select(['external_id', 'title', 'body', 'status', 'labels', 'source_updated_at', 'first_seen'])
    .where('source', '=', source)
    .orderBy('external_id')
    .execute();
}

async function sums(source: string) {
  const { rows } = await sql<{ told: number; kept: number; byHour: number }>`select
    (select sum(counted)::int from feedback_delivery where source = ${source}) as told,
    (select sum(occurrences)::int from feedback_item where source = ${source}) as kept,
    (select sum(count)::int from feedback_occurrence o join feedback_item i on i.id = o.item_id
      where i.source = ${source}) as "byHour"`.execute(db);
  return rows[0] ?? { told: -1, kept: -2, byHour: -3 };
}
