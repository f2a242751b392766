import { sql } from 'kysely';
import { audit } from '../audit.ts';
import type { Db } from '../connect.ts';

export interface Erasure {
  readonly project: string;
  /** Exactly one is not null. */
  readonly entry: string | null;
  readonly operation: string | null;
  readonly principal: string | null;
  readonly reason: string;
  readonly by: string;
}

/** Deletes what is kept apart; the chain keeps digests whose salt is gone with it. Answers of how many entries. */
export async function eraseTexts(db: Db, erasure: Erasure): Promise<number> {
  const { project, entry, operation, principal, reason, by } = erasure;
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ entry: string }>`
      delete from audit_personal p using audit_entry e
      where e.id = p.entry and p.project = ${project} and e.project = ${project} and (
        e.id = ${entry} or e.operation_id = ${operation}
        or (${principal}::text is not null and convert_from(e.bytes, 'UTF8')::jsonb->>'principal' = ${principal}))
      returning p.entry`.execute(tx);
    await audit(tx, {
      project,
      principal: by,
      action: 'audit.erase',
      subject: entry ?? operation ?? principal ?? '',
      operationId: null,
      detail: { entries: rows.map((row) => row.entry) },
      personal: { reason },
    });
    return rows.length;
  });
}
