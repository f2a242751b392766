import { sql } from 'kysely';
import type { AuditEntryView } from '../../contracts/audit.ts';
import type { AuditBody } from '../../domain/audit/entry.ts';
import { withNames } from '../../domain/audit/person.ts';
import type { Db } from '../connect.ts';

export interface AuditFilter {
  readonly operation?: string;
  /** Only entries whose seq is smaller. */
  readonly before: number | null;
  readonly limit: number;
}

/** Sealed entries, the newest first. */
export async function listAuditEntries(
  db: Db,
  project: string,
  filter: AuditFilter,
): Promise<AuditEntryView[]> {
  const ofOperation = filter.operation === undefined ? sql`` : sql`and e.operation_id = ${filter.operation}`;
  const before = filter.before === null ? sql`` : sql`and s.seq < ${filter.before}`;
  const { rows } = await sql<Row>`
    select s.seq, e.bytes, p.data from audit_seal s
    join audit_entry e on e.id = s.entry left join audit_personal p on p.entry = s.entry
    where s.project = ${project} ${ofOperation} ${before}
    order by s.seq desc limit ${filter.limit}`.execute(db);
  return rows.map(toView);
}

/** What the audit says of an operation, sealed or not. */
export async function entriesOfOperation(db: Db, project: string, operation: string): Promise<AuditBody[]> {
  const rows = await db
    .selectFrom('audit_entry')
    .select('bytes')
    .where('project', '=', project)
    .where('operation_id', '=', operation)
    .orderBy('id')
    .execute();
  return rows.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString('utf8')) as AuditBody);
}

/** The Temporal run that speaks for an operation; null before it began. */
export async function runOfOperation(db: Db, operation: string): Promise<string | null> {
  const row = await db
    .selectFrom('operation')
    .select('run_id')
    .where('id', '=', operation)
    .executeTakeFirst();
  return row?.run_id ?? null;
}

/** One sealed entry as it is hashed. */
export async function findSealed(
  db: Db,
  project: string,
  entry: string,
): Promise<{ readonly seq: number; readonly bytes: Uint8Array } | undefined> {
  return db
    .selectFrom('audit_seal as s')
    .innerJoin('audit_entry as e', 'e.id', 's.entry')
    .select(['s.seq', 'e.bytes'])
    .where('s.project', '=', project)
    .where('s.entry', '=', entry)
    .executeTakeFirst();
}

interface Row {
  readonly seq: number;
  readonly bytes: Buffer;
  readonly data: Buffer | null;
}

function toView({ seq, bytes, data }: Row): AuditEntryView {
  const body = JSON.parse(bytes.toString('utf8')) as AuditBody;
  const { id, at, action, operation, by, detail } = body;
  const apart = data === null ? null : (JSON.parse(data.toString('utf8')) as Record<string, string>);
  const { principal, subject, texts } = withNames(body, apart);
  return {
    id,
    seq,
    at,
    principal,
    action,
    subject,
    operation,
    ...(by === undefined ? {} : { by: { ...by } }),
    detail: { ...detail },
    texts: texts === null ? null : { ...texts },
  };
}
