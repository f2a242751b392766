import { sql, type Kysely } from 'kysely';

/** The Temporal histories of closed operations: Temporal forgets them after its retention. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table operation_archive (
    operation_id text not null references operation,
    run_id text not null,
    project text not null references project,
    -- forgotten: Temporal had no history of the run any more; too-large: only its digest is kept.
    state text not null check (state in ('kept', 'forgotten', 'too-large')),
    events integer not null,
    bytes integer not null,
    -- sha256 of the history as JSON text, as hex.
    digest text,
    -- That text, compressed by gzip. Payloads in it are as Temporal had them: sealed, where there are payload keys.
    content bytea,
    archived_at timestamptz not null default now(),
    primary key (operation_id, run_id),
    check ((state = 'kept') = (content is not null))
  )`,
  // It is compressed already.
  `alter table operation_archive alter column content set storage external`,
  `alter table operation add column archived_at timestamptz`,
  `create index operation_unarchived on operation (finished_at) where status = 'closed' and archived_at is null`,
];
