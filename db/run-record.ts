import type { Db } from './connect.ts';
import { findOperation, listEvents } from './operation.ts';

/** Everything that Postgres knows of an operation, by part; null when there is none of this id in the project. */
export async function recordedParts(
  db: Db,
  project: string,
  id: string,
): Promise<Record<string, unknown> | null> {
  const operation = await findOperation(db, project, id);
  if (operation === null) return null;
  const [timeline, rollout, gates, decisions, commands, audit] = await Promise.all([
    listEvents(db, id, 0, mostEvents),
    db.selectFrom('canary_rollout').selectAll().where('operation_id', '=', id).executeTakeFirst(),
    db.selectFrom('canary_gate').selectAll().where('operation_id', '=', id).orderBy('step').execute(),
    db.selectFrom('canary_decision').selectAll().where('operation_id', '=', id).orderBy('id').execute(),
    db.selectFrom('command').selectAll().where('operation_id', '=', id).orderBy('id').execute(),
    auditOf(db, id),
  ]);
  return asJson({
    operation,
    timeline,
    details: { rollout: rollout ?? null, gates },
    decisions,
    commands,
    audit,
  });
}

const mostEvents = 1_000_000;

async function auditOf(db: Db, operationId: string): Promise<unknown[]> {
  return db
    .selectFrom('audit_entry')
    .selectAll()
    .where('operation_id', '=', operationId)
    .orderBy('id')
    .execute();
}

/** As it will be read again: a digest must not depend on what JSON does to dates. */
function asJson(parts: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(parts)) as Record<string, unknown>;
}
