import { createHash } from 'node:crypto';
import { sql, type Kysely } from 'kysely';

/** The audit as exact bytes, sealed into a chain per project, with its checkpoints; personal data apart from it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { rows: before } = await sql<OldEntry>`select * from audit_entry order by id`.execute(db);
  for (const statement of statements) await sql.raw(statement).execute(db);
  for (const entry of before) await carryOver(db, entry);
}

const statements = [
  `drop table audit_entry`,
  `create table audit_entry (
    id text primary key,
    project text not null,
    operation_id text,
    -- Canonical JSON (RFC 8785), exactly as it is hashed. The columns beside it only help to find it.
    bytes bytea not null
  )`,
  `create index audit_entry_operation on audit_entry (operation_id) where operation_id is not null`,
  // What is to be sealed: a row of its own and no watermark, because what commits late would slip under that.
  `create table audit_pending (
    n bigint generated always as identity primary key,
    project text not null,
    entry text not null
  )`,
  `create index audit_pending_project on audit_pending (project, n)`,
  `create table audit_seal (
    project text not null,
    seq bigint not null check (seq > 0),
    entry text not null unique references audit_entry,
    prev bytea not null,
    hash bytea not null,
    leaf bytea not null,
    primary key (project, seq),
    unique (project, prev)
  )`,
  // Free text and names, so that they can be erased: the entry holds a digest with this salt.
  `create table audit_personal (
    entry text primary key,
    project text not null,
    salt bytea not null,
    data bytea not null
  )`,
  // The tree goes on from the newest row; the signed notes are published outside the database.
  `create table audit_checkpoint (
    project text not null,
    size bigint not null check (size > 0),
    frontier bytea not null,
    note text not null,
    at timestamptz not null default now(),
    primary key (project, size)
  )`,
  `create function audit_refuse_change() returns trigger language plpgsql as $$
  begin
    raise exception 'the audit only grows: % on % is refused', tg_op, tg_table_name using errcode = 'insufficient_privilege';
  end $$`,
  ...['audit_entry', 'audit_seal', 'audit_checkpoint'].flatMap((table) => [
    `create trigger ${table}_only_grows before update or delete or truncate on ${table}
      for each statement execute function audit_refuse_change()`,
    `revoke update, delete, truncate on ${table} from public`,
  ]),
];

interface OldEntry {
  readonly id: number;
  readonly project: string;
  readonly at: Date;
  readonly principal: string;
  readonly action: string;
  readonly subject: string;
  readonly operation_id: string | null;
  readonly detail: Record<string, unknown>;
}

/** Written out here and not taken from domain/: a migration does the same for ever. */
async function carryOver(db: Kysely<unknown>, old: OldEntry): Promise<void> {
  const id = `0001-${createHash('sha256').update(`${old.project}/${old.id}`).digest('hex').slice(0, 31)}`;
  const { project, principal, action, subject, detail } = old;
  const body = { v: 1, id, project, at: old.at.toISOString(), principal, action, subject, detail };
  const bytes = Buffer.from(sorted({ ...body, operation: old.operation_id }));
  await sql`with kept as (
    insert into audit_entry (id, project, operation_id, bytes) values (${id}, ${project}, ${old.operation_id}, ${bytes})
  ) insert into audit_pending (project, entry) values (${project}, ${id})`.execute(db);
}

function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${sorted(member)}`).join(',')}}`;
}
