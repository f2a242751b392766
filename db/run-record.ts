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
    db.selectFrom('approval_gate').selectAll().where('operation_id', '=', id).orderBy('id').execute(),
    db.selectFrom('approval_decision').selectAll().where('operation_id', '=', id).orderBy('id').execute(),
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

/** The exact bytes of each entry and its place in the chain: what the audit's own verifier needs to find it there. */
async function auditOf(db: Db, operationId: string): Promise<unknown[]> {
  const rows = await db
    .selectFrom('audit_entry as e')
    .leftJoin('audit_seal as s', 's.entry', 'e.id')
    .select(['e.id', 'e.bytes', 's.seq', 's.hash'])
    .where('e.operation_id', '=', operationId)
    .orderBy('e.id')
    .execute();
  return rows.map(({ id, bytes, seq, hash }) => ({
    id,
    seq,
    hash: hash === null ? null : Buffer.from(hash).toString('hex'),
    bytes: Buffer.from(bytes).toString('base64'),
    entry: JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown,
  }));
}

/** As it will be read again: a digest must not depend on what JSON does to dates. */
function asJson(parts: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(parts)) as Record<string, unknown>;
}
