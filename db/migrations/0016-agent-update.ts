import { sql, type Kysely } from 'kysely';

/** Releases of the proxy agent, and which one each proxy is ordered to run. */
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
  // Written once: a release is its content.
  `create table agent_release (
    project text not null references project,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    version text not null,
    size integer not null check (size > 0),
    content text not null,
    created_by text not null,
    created_at timestamptz not null default now(),
    primary key (project, sha256)
  )`,
  // One number for all: it rises for each proxy, also for one that was removed and enrols again.
  `create sequence agent_order_sequence as bigint`,
  `grant usage on sequence agent_order_sequence to holdfast_app`,
  // The newest order of each proxy; those before it are in the audit.
  `create table agent_order (
    proxy text primary key references fleet_proxy on delete cascade,
    project text not null,
    sequence bigint not null unique default nextval('agent_order_sequence'),
    sha256 text not null,
    ordered_by text not null,
    reason text not null,
    ordered_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    foreign key (project, sha256) references agent_release
  )`,
  ...['agent_release', 'agent_order'].flatMap(wall),
];
