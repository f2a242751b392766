import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectUnwalled, type Db } from '../../../db/connect.ts';
import { listDeliveries, requireDelivery } from '../../../db/notification/delivery.ts';
import { beginAttempt, endAttempt } from '../../../db/notification/ledger.ts';
import { requestTest } from '../../../db/notification/request.ts';
import type { NotificationDelivery } from '../../../contracts/notification.ts';
import { testDatabase, type TestDatabase } from '../../support/postgres.ts';
import { changeChannel } from '../../support/rollout-house/channels.ts';

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

const project = 'default';

/** What a reader would take for an attempt that changed nothing. */
const isTorn = ({ state, attempts }: NotificationDelivery): boolean =>
  state === 'pending' && attempts.some(({ result }) => result === 'accepted');

test('an attempt that is accepted and its delivery are seen at once, however the moment falls', async () => {
  await changeChannel(db, 'watched', {});
  const torn: NotificationDelivery[] = [];
  for (let round = 0; round < 60; round += 1) {
    const key = ulid();
    const id = await requestTest(db, { project, principal: 'ann', key, fingerprint: key }, 'watched');
    const attempt = await beginAttempt(db, id);
    let isOver = false;
    const look = async (): Promise<void> => {
      while (!isOver) {
        const seen = [await requireDelivery(db, project, id)];
        if (round % 10 === 0) seen.push(...(await listDeliveries(db, project, { before: null, limit: 1 })));
        torn.push(...seen.filter(isTorn));
      }
    };
    const looking = [look(), look(), look()];
    const end = { deliveryId: id, attempt, durationMs: 1, status: 200, error: null };
    await endAttempt(db, { ...end, result: 'accepted' });
    isOver = true;
    await Promise.all(looking);
    expect((await requireDelivery(db, project, id)).state).toBe('delivered');
  }
  expect(torn).toEqual([]);
});
