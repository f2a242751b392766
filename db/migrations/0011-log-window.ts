import { sql, type Kysely } from 'kysely';

/** Log lines by kind and window of time: counts instead of lines. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const inScope = `(select holdfast_scope()) in (project, '*')`;

/** The wall between projects, as migration 0008 has it. */
function wall(table: string): string[] {
  return [
    `alter table ${table} enable row level security`,
    `alter table ${table} force row level security`,
    `create policy wall on ${table} using (${inScope}) with check (${inScope})`,
    `grant select, insert, update, delete on ${table} to holdfast_app`,
  ];
}

const statements = [
  `create table log_template (
    project text not null references project,
    -- Of the version of the mask and the text: the same in every process.
    id text not null,
    text text not null,
    -- What it became when places turned out to vary; itself while it stands.
    root_id text not null,
    -- Whether lines came with this very text, or other templates became it.
    observed boolean not null,
    created_at timestamptz not null default now(),
    primary key (project, id)
  )`,
  `create index log_template_root on log_template (project, root_id)`,
  `create table log_window (
    project text not null references project,
    size_seconds integer not null check (size_seconds in (10, 60, 300, 3600)),
    starts_at timestamptz not null,
    -- sha256 of the five that follow.
    key text not null,
    service text not null,
    route text not null,
    template_id text not null,
    status_class text not null check (status_class in ('', '1xx', '2xx', '3xx', '4xx', '5xx')),
    release text not null,
    count bigint not null,
    errors bigint not null,
    latency jsonb not null,
    users jsonb not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    exemplars jsonb not null,
    primary key (project, size_seconds, starts_at, key),
    foreign key (project, template_id) references log_template (project, id)
  )`,
  `create index log_window_template on log_window (project, template_id)`,
  `create index log_window_age on log_window (size_seconds, starts_at)`,
  // A batch that is sent again finds its row and adds nothing.
  `create table log_window_batch (
    project text not null references project,
    batch_id text not null,
    fingerprint text not null,
    lines integer not null,
    windows integer not null,
    received_at timestamptz not null default now(),
    primary key (project, batch_id)
  )`,
  `create index log_window_batch_age on log_window_batch (received_at)`,
  ...['log_template', 'log_window', 'log_window_batch'].flatMap(wall),
];
