import { sql } from 'kysely';
import type { Db } from '../../db/connect.ts';
import { withNames } from '../../domain/audit/person.ts';
import type { AuditBody } from '../../domain/audit/entry.ts';

/** What the audit says, in the order in which it was written; `texts` is what it keeps apart. */
export async function auditOf(
  db: Db,
  of: { operation?: string; subject?: string; action?: string },
): Promise<(AuditBody & { texts: Readonly<Record<string, string>> | null })[]> {
  const { rows } = await sql<{ body: AuditBody; texts: Record<string, string> | null }>`
    select convert_from(e.bytes, 'UTF8')::jsonb as body, convert_from(p.data, 'UTF8')::jsonb as texts
    from audit_entry e left join audit_personal p on p.entry = e.id
    left join audit_pending w on w.entry = e.id left join audit_seal s on s.entry = e.id
    order by s.seq nulls last, w.n`.execute(db);
  return rows
    .map(({ body, texts }) => ({ ...body, ...withNames(body, texts) }))
    .filter(
      ({ operation, subject, action }) =>
        (of.operation === undefined || of.operation === operation) &&
        (of.subject === undefined || of.subject === subject) &&
        (of.action === undefined || action.startsWith(of.action)),
    );
}
