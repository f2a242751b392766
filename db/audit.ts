import { sql, type RawBuilder } from 'kysely';
import { recordOf, type AuditRecord } from './audit/record.ts';
import type { Db } from './connect.ts';

export interface AuditEntry {
  readonly project: string;
  readonly principal: string;
  /** Stable name, such as canary-rollout.start. */
  readonly action: string;
  readonly subject: string;
  /** The subject is somebody's name: kept apart like that of the principal. */
  readonly isAboutPerson?: true;
  readonly operationId: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Free text and further names of people: kept apart, so that they can be erased; the entry holds a salted digest. */
  readonly personal?: Readonly<Record<string, string | null>>;
}

/** Appends to the audit; call it in the transaction of what it tells about. */
export async function audit(db: Db, ...entries: readonly AuditEntry[]): Promise<void> {
  const records = entries.map(recordOf);
  const apart = records.filter(({ personal }) => personal !== null);
  await sql`/* prepared */ with kept as (
    insert into audit_entry (id, project, operation_id, bytes)
    select * from unnest(${records.map(({ id }) => id)}::text[], ${records.map(({ project }) => project)}::text[],
      ${records.map(({ operationId }) => operationId)}::text[], ${records.map(({ bytes }) => bytes)}::bytea[])
  ), kept_apart as (
    insert into audit_personal (entry, project, salt, data)
    select * from unnest(${apart.map(({ id }) => id)}::text[], ${apart.map(({ project }) => project)}::text[],
      ${apart.map(({ salt }) => salt)}::bytea[], ${apart.map(({ personal }) => personal)}::bytea[])
  ) insert into audit_pending (project, entry)
    select * from unnest(${records.map(({ project }) => project)}::text[], ${records.map(({ id }) => id)}::text[])`.execute(
    db,
  );
}

/**
 * The same as parts of a larger statement, for where a round trip counts: an entry for the one row of the part `target`, nothing
 * when that has none. The entry is made before the statement runs, so `target` must make sure that what it says is so.
 */
export function auditedFromTarget(entry: AuditEntry): RawBuilder<unknown> {
  const { id, operationId, bytes, salt, personal }: AuditRecord = recordOf(entry);
  return sql`audited as (
      insert into audit_entry (id, project, operation_id, bytes)
      select ${id}::text, project, ${operationId}::text, ${bytes}::bytea from target
    ), audit_waits as (
      insert into audit_pending (project, entry) select project, ${id}::text from target
    ), audit_kept_apart as (
      insert into audit_personal (entry, project, salt, data)
      select ${id}::text, project, ${salt}::bytea, ${personal}::bytea from target where ${personal}::bytea is not null
    )`;
}
