import type { Db } from './connect.ts';

export interface AuditEntry {
  readonly project: string;
  readonly principal: string;
  /** Stable name, such as canary-rollout.start. */
  readonly action: string;
  readonly subject: string;
  readonly operationId: string | null;
  readonly detail: Record<string, unknown>;
}

/** Appends to the audit; call it in the transaction of what it tells about. */
export async function audit(db: Db, entry: AuditEntry): Promise<void> {
  await db
    .insertInto('audit_entry')
    .values({
      project: entry.project,
      principal: entry.principal,
      action: entry.action,
      subject: entry.subject,
      operation_id: entry.operationId,
      detail: JSON.stringify(entry.detail),
    })
    .execute();
}
