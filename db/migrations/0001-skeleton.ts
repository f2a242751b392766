import { sql, type Kysely } from 'kysely';

/** Projects, services, operations with their timelines, canary rollouts, and what is acted on: traffic targets behind a token. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table project (
    id text primary key,
    created_at timestamptz not null default now()
  )`,
  `insert into project (id) values ('default')`,
  `create table service (
    project text not null references project,
    name text not null,
    spec jsonb not null,
    stable_version text,
    previous_version text,
    warm_until timestamptz,
    created_at timestamptz not null default now(),
    primary key (project, name)
  )`,
  `create unique index service_backend on service ((spec->'traffic'->>'proxy'), (spec->'traffic'->>'backend'))`,
  `create table release (
    project text not null,
    service text not null,
    version text not null,
    start jsonb not null,
    instances jsonb not null default '[]',
    retire_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (project, service, version),
    foreign key (project, service) references service
  )`,
  `create table operation (
    id text primary key,
    project text not null references project,
    kind text not null,
    target text not null,
    status text not null check (status in ('starting', 'running', 'closed')),
    phase text not null,
    outcome text,
    summary text not null,
    stuck text,
    started_by text not null,
    workflow_id text not null,
    run_id text,
    created_at timestamptz not null default now(),
    finished_at timestamptz
  )`,
  // The first of the two locks: one open operation per target, refused before Temporal is asked.
  `create unique index operation_open on operation (project, kind, target) where status <> 'closed'`,
  `create index operation_listing on operation (project, id desc)`,
  `create table operation_event (
    operation_id text not null references operation,
    seq integer not null check (seq > 0),
    at timestamptz not null default clock_timestamp(),
    type text not null,
    summary text not null,
    detail jsonb not null,
    -- Which run wrote it, and its place in that run: writing it again changes nothing. Null: not written by a workflow.
    run_id text,
    run_seq integer,
    primary key (operation_id, seq),
    unique (operation_id, run_id, run_seq)
  )`,
  `create table canary_rollout (
    operation_id text primary key references operation,
    project text not null,
    service text not null,
    version text not null,
    stable_version text,
    mode text not null check (mode in ('rollout', 'rollback')),
    plan jsonb not null,
    state jsonb not null,
    judged_at timestamptz
  )`,
  `create index canary_rollout_listing on canary_rollout (project, service, operation_id desc)`,
  // What a gate asks about: a decision counts only for the digest of exactly this.
  `create table canary_gate (
    operation_id text not null references operation,
    step integer not null,
    subject text not null,
    evidence jsonb,
    opened_at timestamptz not null default now(),
    primary key (operation_id, step)
  )`,
  `create table canary_decision (
    id text primary key,
    operation_id text not null references operation,
    project text not null,
    subject text not null,
    decision text not null check (decision in ('approve', 'reject')),
    decided_by text not null,
    reason text,
    at timestamptz not null default now(),
    announced_at timestamptz,
    consumed_at timestamptz,
    unique (operation_id, subject)
  )`,
  `create table command (
    id text primary key,
    operation_id text not null references operation,
    project text not null,
    kind text not null,
    body jsonb not null,
    state text not null default 'pending' check (state in ('pending', 'accepted', 'refused')),
    answer text,
    requested_by text not null,
    created_at timestamptz not null default now(),
    settled_at timestamptz
  )`,
  `create index command_pending on command (created_at) where state = 'pending'`,
  `create table idempotency_key (
    project text not null,
    key text not null,
    fingerprint text not null,
    resource_id text not null,
    created_at timestamptz not null default now(),
    primary key (project, key)
  )`,
  `create table audit_entry (
    id bigint generated always as identity primary key,
    project text not null,
    at timestamptz not null default clock_timestamp(),
    principal text not null,
    action text not null,
    subject text not null,
    operation_id text,
    detail jsonb not null
  )`,
  `create table emergency_stop (
    project text not null references project,
    service text not null,
    reason text not null,
    stopped_by text not null,
    at timestamptz not null default now(),
    primary key (project, service)
  )`,
  `create table proxy (
    name text primary key,
    revision bigint not null default 0,
    last_seen timestamptz,
    report jsonb
  )`,
  `create table traffic_target (
    proxy text not null references proxy,
    backend text not null,
    project text not null,
    service text not null,
    token bigint not null default 0,
    owner text,
    split jsonb not null,
    change_id text,
    lease_until timestamptz,
    tripped jsonb,
    -- The newest token at which a trip was adopted: the agent repeats a trip until it hears that, and it must count once.
    trip_token bigint not null default 0,
    updated_at timestamptz not null default now(),
    primary key (proxy, backend)
  )`,
  `create table server_sample (
    proxy text not null,
    backend text not null,
    second bigint not null,
    server text not null,
    version text not null,
    sessions integer not null,
    requests integer not null,
    errors integer not null,
    up boolean not null,
    latency jsonb not null,
    primary key (proxy, backend, second, server)
  )`,
  // Rows come in the order of time and are removed by age: a block range index is enough and costs nothing.
  `create index server_sample_age on server_sample using brin (second)`,
];
