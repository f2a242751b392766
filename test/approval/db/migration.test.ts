import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { lookAtGate } from '../../../db/approval/gate.ts';
import { connectUnwalled, type Db } from '../../../db/connect.ts';
import { migrateToLatest } from '../../../db/migrate.ts';
import * as m1 from '../../../db/migrations/0001-skeleton.ts';
import * as m2 from '../../../db/migrations/0002-audit.ts';
import * as m3 from '../../../db/migrations/0003-access.ts';
import * as m4 from '../../../db/migrations/0004-notification.ts';
import * as m5 from '../../../db/migrations/0005-operation-archive.ts';
import * as m6 from '../../../db/migrations/0006-approval.ts';
import * as m7 from '../../../db/migrations/0007-operation-slot.ts';
import * as m8 from '../../../db/migrations/0008-row-level-security.ts';
import { freezePlan } from '../../../domain/canary-rollout/plan.ts';
import { testDatabase } from '../../support/postgres.ts';

const before = {
  '0001-skeleton': m1,
  '0002-audit': m2,
  '0003-access': m3,
  '0004-notification': m4,
  '0005-operation-archive': m5,
  '0006-approval': m6,
  '0007-operation-slot': m7,
  '0008-row-level-security': m8,
};

test('gates and decisions of before are gates and decisions now', { timeout: 60_000 }, async () => {
  const database = await testDatabase();
  const db = connectUnwalled(database.url);
  try {
    await backToBefore(db);
    const waits = await oldGate(db, {
      status: 'running',
      approvals: 2,
      decisions: [['bob', 'approve', false]],
    });
    const used = await oldGate(db, {
      status: 'running',
      approvals: 1,
      decisions: [['bob', 'approve', true]],
    });
    const rejected = await oldGate(db, {
      status: 'closed',
      approvals: 1,
      decisions: [['bob', 'reject', false]],
    });
    const over = await oldGate(db, { status: 'closed', approvals: 1, decisions: [] });
    await migrateToLatest(db);
    expect(await gateOf(db, waits)).toMatchObject({ outcome: null, missing: 1, answers: [{ by: 'bob' }] });
    expect(await gateOf(db, used)).toMatchObject({ outcome: 'approved' });
    expect(await gateOf(db, rejected)).toMatchObject({ outcome: 'rejected' });
    expect(await gateOf(db, over)).toMatchObject({ outcome: 'withdrawn' });
    const { rows } = await sql<{ id: string; excluded: unknown }>`
      select id, question->'excluded' as excluded from approval_gate`.execute(db);
    for (const { id, excluded } of rows) {
      expect(id).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
      expect(excluded).toEqual([{ principal: 'ann', because: 'requester' }]);
    }
  } finally {
    await db.destroy();
    await database.close();
  }
});

async function backToBefore(db: Db): Promise<void> {
  await sql`drop schema public cascade`.execute(db);
  await sql`create schema public`.execute(db);
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(before) } });
  const { error } = await migrator.migrateToLatest();
  expect(error).toBeUndefined();
}

interface Old {
  readonly status: 'running' | 'closed';
  readonly approvals: number;
  readonly decisions: readonly (readonly [by: string, decision: string, consumed: boolean])[];
}

async function oldGate(db: Db, { status, approvals, decisions }: Old): Promise<string> {
  const id = ulid();
  const plan = JSON.stringify(
    freezePlan({ steps: [{ weight: 10, soak: '1s', gate: { approvals } }, { weight: 100 }] }),
  );
  await sql`insert into operation (id, project, kind, target, status, phase, summary, started_by, workflow_id)
    values (${id}, 'default', 'canary-rollout', ${id}, ${status}, '', '', 'ann', ${id})`.execute(db);
  await sql`insert into canary_rollout (operation_id, project, service, version, mode, plan, state)
    values (${id}, 'default', ${id}, 'v2', 'rollout', ${plan}::jsonb, '{}')`.execute(db);
  await sql`insert into canary_gate (operation_id, step, subject) values (${id}, 0, 'one')`.execute(db);
  for (const [by, decision, consumed] of decisions) {
    await sql`insert into canary_decision (id, operation_id, project, subject, decision, decided_by, consumed_at)
      values (${ulid()}, ${id}, 'default', 'one', ${decision}, ${by}, ${consumed ? new Date() : null})`.execute(
      db,
    );
  }
  return id;
}

async function gateOf(db: Db, operationId: string) {
  const { id: gateId } = await db
    .selectFrom('approval_gate')
    .select('id')
    .where('operation_id', '=', operationId)
    .executeTakeFirstOrThrow();
  return lookAtGate(db, { operationId, gateId });
}
