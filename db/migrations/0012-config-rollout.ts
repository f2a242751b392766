import { sql, type Kysely } from 'kysely';

/** Environments with their revisions and heads, the fleet of proxies, signed orders, rollouts, and what proxies report. */
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

const tables = [
  ...['config_environment', 'config_revision', 'config_head_move', 'fleet_proxy', 'config_order'],
  ...['config_report', 'config_rollout', 'config_rollout_proxy', 'proxy_window'],
];

const statements = [
  `create table config_environment (
    project text not null references project,
    name text not null,
    -- null: nobody has written a configuration yet.
    head text,
    settings jsonb not null default '{}',
    -- The sequence of the newest order; the next one takes the next number.
    sequence bigint not null default 0,
    -- The order that a rollout has brought the whole environment to last, and the one before it.
    live_sequence bigint,
    previous_sequence bigint,
    created_at timestamptz not null default now(),
    primary key (project, name)
  )`,
  // Written once: a revision is its content.
  `create table config_revision (
    project text not null,
    environment text not null,
    revision text not null check (revision ~ '^[0-9a-f]{64}$'),
    parent text,
    author text not null,
    reason text not null,
    schema_version integer not null,
    document jsonb not null,
    -- What it renders to, as it was when it was written: the same for ever, whatever a later renderer makes of it.
    rendered text not null,
    created_at timestamptz not null default now(),
    primary key (project, environment, revision),
    foreign key (project, environment) references config_environment (project, name)
  )`,
  `create table config_head_move (
    project text not null,
    environment text not null,
    seq integer not null check (seq > 0),
    revision text not null,
    parent text,
    author text not null,
    reason text not null,
    at timestamptz not null default now(),
    primary key (project, environment, seq),
    foreign key (project, environment, revision) references config_revision
  )`,
  `create table config_order (
    project text not null,
    environment text not null,
    sequence bigint not null check (sequence > 0),
    kind text not null check (kind in ('apply', 'rollback')),
    -- null: back to the file that each operator wrote.
    revision text,
    hash text not null,
    drift text not null check (drift in ('report', 'adopt', 'revert')),
    operation_id text references operation,
    -- Which of the orders of its operation, such as wave-0; asking again finds the same one.
    name text not null,
    issued_at timestamptz not null default clock_timestamp(),
    primary key (project, environment, sequence),
    foreign key (project, environment, revision) references config_revision,
    unique (operation_id, name)
  )`,
  `create table fleet_proxy (
    proxy text primary key,
    project text not null,
    environment text not null,
    region text,
    labels jsonb not null default '{}',
    address text,
    state text not null check (state in ('invited', 'enrolled')),
    token_hash bytea,
    token_expires_at timestamptz,
    invited_by text not null,
    enrolled_at timestamptz,
    -- The operation that may change its configuration: a config rollout, or a canary rollout that brings a revision with it.
    owner text references operation,
    -- The order that it is to run; null: none yet.
    sequence bigint,
    ordered_at timestamptz,
    created_at timestamptz not null default now(),
    foreign key (project, environment) references config_environment (project, name),
    foreign key (project, environment, sequence) references config_order (project, environment, sequence)
  )`,
  `create index fleet_proxy_environment on fleet_proxy (project, environment, proxy)`,
  // Hot: written anew by every report, so no index but its key and room on each page.
  `create table config_report (
    proxy text primary key references fleet_proxy on delete cascade,
    project text not null,
    environment text not null,
    reported_at timestamptz not null default clock_timestamp(),
    attempted_sequence bigint,
    outcome text check (outcome in ('proven', 'refused', 'restored', 'failed')),
    running_sequence bigint,
    running_hash text,
    -- Since when it has been running what it runs now.
    running_since timestamptz,
    report jsonb not null
  ) with (fillfactor = 50)`,
  `create table config_rollout (
    operation_id text primary key references operation,
    project text not null,
    environment text not null,
    mode text not null check (mode in ('rollout', 'rollback')),
    revision text not null,
    -- The order that a rollback brings back; null: there was none.
    base_sequence bigint,
    plan jsonb not null,
    ignore_freeze boolean not null default false,
    state jsonb not null,
    foreign key (project, environment, revision) references config_revision
  )`,
  `create index config_rollout_listing on config_rollout (project, environment, operation_id desc)`,
  // Who is in which wave, frozen at the start.
  `create table config_rollout_proxy (
    operation_id text not null references config_rollout,
    project text not null,
    wave integer not null check (wave >= 0),
    proxy text not null,
    primary key (operation_id, wave, proxy)
  )`,
  // What the log of a proxy came to in some seconds, counted by its agent.
  `create table proxy_window (
    proxy text not null references fleet_proxy on delete cascade,
    project text not null,
    starts_at timestamptz not null,
    seconds integer not null check (seconds > 0),
    sequence bigint,
    requests bigint not null,
    errors bigint not null,
    latency jsonb not null,
    signatures jsonb not null,
    received_at timestamptz not null default clock_timestamp(),
    primary key (proxy, starts_at)
  )`,
  `create index proxy_window_age on proxy_window (starts_at)`,
  ...tables.flatMap(wall),
];
