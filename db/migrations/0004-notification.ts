import { sql, type Kysely } from 'kysely';

/** Channels of a project, what has to be told over them, and the ledger of attempts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table notification_channel (
    project text not null references project,
    name text not null,
    kind text not null check (kind in ('webhook', 'slack', 'email')),
    target text not null,
    -- Where the secret is (env:NAME, file:/PATH), never the secret.
    secret text check (secret ~ '^(env|file):'),
    sender text,
    events jsonb not null,
    service text,
    enabled boolean not null,
    created_at timestamptz not null default now(),
    primary key (project, name)
  )`,
  // No foreign key to the channel: what was told stays in the ledger when the channel goes.
  `create table notification_delivery (
    id text primary key,
    project text not null references project,
    channel text not null,
    event text not null,
    event_key text not null,
    operation_id text references operation,
    replay_of text references notification_delivery on delete set null,
    facts jsonb not null,
    state text not null default 'pending'
      check (state in ('pending', 'delivered', 'refused', 'gave-up', 'stale', 'dropped', 'cancelled')),
    reason text,
    created_at timestamptz not null default now(),
    settled_at timestamptz,
    -- When the sweep next makes sure that a workflow works for it.
    look_at timestamptz not null default now(),
    constraint notification_delivery_once unique (operation_id, event_key, channel)
  )`,
  `create index notification_delivery_listing on notification_delivery (project, id desc)`,
  `create index notification_delivery_pending on notification_delivery (look_at) where state = 'pending'`,
  `create index notification_delivery_settled on notification_delivery (settled_at) where state <> 'pending'`,
  `create index notification_delivery_replays on notification_delivery (replay_of) where replay_of is not null`,
  `create table notification_attempt (
    delivery_id text not null references notification_delivery on delete cascade,
    attempt integer not null check (attempt > 0),
    at timestamptz not null default clock_timestamp(),
    -- Null: it began, and the worker died before it knew.
    result text check (result in ('accepted', 'refused', 'failed')),
    status integer,
    error text,
    duration_ms integer,
    primary key (delivery_id, attempt)
  )`,
];
