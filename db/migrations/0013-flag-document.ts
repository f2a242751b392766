import { sql, type Kysely } from 'kysely';

/** Feature flags of an environment: every document that was ever put, and the one that is evaluated. */
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
  // Written once: a revision is its content.
  `create table flag_revision (
    project text not null,
    environment text not null,
    revision text not null check (revision ~ '^[0-9a-f]{64}$'),
    parent text,
    author text not null,
    document jsonb not null,
    created_at timestamptz not null default now(),
    primary key (project, environment, revision),
    foreign key (project, environment) references config_environment (project, name)
  )`,
  `create table flag_head (
    project text not null,
    environment text not null,
    revision text not null,
    moved_by text not null,
    moved_at timestamptz not null default now(),
    primary key (project, environment),
    foreign key (project, environment, revision) references flag_revision
  )`,
  ...['flag_revision', 'flag_head'].flatMap(wall),
];
