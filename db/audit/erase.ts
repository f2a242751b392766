import { sql } from 'kysely';
import { personMark } from '../../domain/audit/person.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
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

/**
 * Deletes what is kept apart; the chain keeps digests whose salt is gone with it. A person's: of what it did, and of what names it. Answers of
 * how many entries.
 */
export async function eraseTexts(db: Db, erasure: Erasure): Promise<number> {
  const { project, entry, operation, principal, reason, by } = erasure;
  // Canonical JSON has no spaces, and a quote inside a text is escaped: this is a whole value and nothing else.
  const value = principal === null ? null : `:${canonicalJson(principal)}`;
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ entry: string }>`
      delete from audit_personal p using audit_entry e
      where e.id = p.entry and p.project = ${project} and e.project = ${project} and (
        e.id = ${entry} or e.operation_id = ${operation}
        or strpos(convert_from(p.data, 'UTF8'), ${value}) > 0
        or strpos(convert_from(e.bytes, 'UTF8'), '"principal"' || ${value}) > 0)
      returning p.entry`.execute(tx);
    await audit(tx, {
      project,
      principal: by,
      action: 'audit.erase',
      // Whose it was is not written down again.
      subject: entry ?? operation ?? personMark,
      operationId: null,
      detail: { entries: rows.map((row) => row.entry) },
      personal: { reason },
    });
    return rows.length;
  });
}
