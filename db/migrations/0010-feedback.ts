import { sql, type Kysely } from 'kysely';

/** Feedback and errors as they come in, and the clusters they are kept in. */
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
  ...[
    'feedback_source',
    'feedback_delivery',
    'feedback_item',
    'feedback_occurrence',
    'feedback_told',
    'feedback_upload',
  ],
  ...['feedback_clustering', 'feedback_embedding', 'feedback_cluster', 'cluster_edit', 'cluster_job'],
];

const statements = [
  `create table feedback_source (
    project text not null references project,
    name text not null,
    kind text not null,
    enabled boolean not null default true,
    -- A reference such as env:NAME, never the secret.
    secret text,
    settings jsonb not null default '{}',
    filter jsonb not null default '{}',
    daily_quota integer check (daily_quota > 0),
    -- How far a poller has read; written in the transaction that keeps what it read.
    cursor jsonb,
    last_error text,
    last_read_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (project, name)
  )`,
  // What came in, once: a delivery that is sent again finds its row.
  `create table feedback_delivery (
    project text not null,
    source text not null,
    delivery_id text not null,
    received_at timestamptz not null default now(),
    outcome text not null check (outcome in ('new', 'repeat', 'update', 'older', 'filtered', 'ignored', 'over-quota')),
    reports integer not null default 1,
    -- Occurrences that it added: the sum over all deliveries is the sum over all items.
    counted integer not null default 0,
    item_id text,
    -- What tells them apart comes first: see db/feedback/same-delivery.ts.
    primary key (delivery_id, source, project)
  )`,
  `create index feedback_delivery_age on feedback_delivery (received_at)`,
  `create index feedback_delivery_of_day on feedback_delivery (project, source, received_at)`,
  `create table feedback_cluster (
    id text primary key,
    project text not null references project,
    title text not null,
    summary text not null,
    titled_by text,
    state text not null default 'new' check (state in ('new', 'triaged', 'fixing', 'fixed', 'ignored')),
    fixed_release text,
    fixed_at timestamptz,
    regressed_at timestamptz,
    lock text check (lock in ('open', 'closed')),
    size integer not null,
    sources jsonb not null default '[]',
    representatives jsonb not null default '[]',
    severity jsonb not null default '{}',
    owner jsonb,
    -- What a language model made of its items; null: the words of the items count.
    model_text jsonb,
    name_retry_at timestamptz,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    -- Where its members went; null while it stands.
    redirect_to text,
    revision integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`,
  `create index feedback_cluster_listing on feedback_cluster (project, last_seen desc, id) where redirect_to is null`,
  `create table feedback_item (
    id text primary key,
    project text not null references project,
    source text not null,
    external_id text not null,
    kind text not null check (kind in ('feedback', 'error')),
    nature text not null default 'state' check (nature in ('state', 'event')),
    title text not null,
    body text not null,
    url text,
    status text not null default 'open' check (status in ('open', 'closed')),
    labels jsonb not null default '[]',
    metadata jsonb not null default '{}',
    service text,
    release text,
    stack jsonb,
    fingerprint text,
    -- sha256 of what is compared: title and body as they are stored.
    content_hash text not null,
    source_created_at timestamptz not null,
    source_updated_at timestamptz not null,
    -- Which of two versions of the same moment wins, so that the order of arrival does not matter.
    tie_break text not null default '',
    -- What the newest delivery about it came to: how the statement that keeps a delivery tells.
    last_outcome text not null default 'new',
    received_at timestamptz not null default now(),
    -- Grows with every change of what is compared: whoever clustered an older one has not clustered this.
    revision integer not null default 1,
    occurrences bigint not null default 1,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    clustering text not null default 'pending' check (clustering in ('pending', 'clustered', 'quarantined')),
    tries integer not null default 0,
    fault text,
    -- Not before then, after a try that failed.
    retry_at timestamptz,
    cluster_id text references feedback_cluster,
    -- Why it is there: rule, similarity, terms, margin.
    membership jsonb,
    unique (project, source, external_id)
  ) with (fillfactor = 80)`,
  `create index feedback_item_pending on feedback_item (project, received_at) where clustering = 'pending'`,
  // Items that were told again and whose clusters have not noticed: apart from them, because a counter that goes up shall touch no index.
  `create table feedback_told (
    project text not null,
    item_id text primary key references feedback_item on delete cascade
  )`,
  `create index feedback_told_of_project on feedback_told (project, item_id)`,
  `create index feedback_item_listing on feedback_item (project, id desc)`,
  `create index feedback_item_members on feedback_item (cluster_id)`,
  `create index feedback_item_text on feedback_item using gin (to_tsvector('simple', title || ' ' || left(body, 4000)))`,
  // How often, by the hour: what repeats is counted and does not vanish.
  `create table feedback_occurrence (
    project text not null,
    item_id text not null references feedback_item on delete cascade,
    hour timestamptz not null,
    release text not null default '',
    count bigint not null,
    primary key (item_id, hour, release)
  )`,
  // A file of reports on its way in; `state` is reading for ever where the sender hung up.
  `create table feedback_upload (
    id text primary key,
    project text not null references project,
    format text not null check (format in ('csv', 'jsonl')),
    state text not null default 'reading' check (state in ('reading', 'done', 'broken-off')),
    rows_read integer not null default 0,
    accepted integer not null default 0,
    refused integer not null default 0,
    -- The first of them: line and reason.
    faults jsonb not null default '[]',
    uploaded_by text not null,
    started_at timestamptz not null default now(),
    finished_at timestamptz
  )`,
  `create index feedback_upload_listing on feedback_upload (project, id desc)`,
  `create table feedback_clustering (
    project text primary key references project,
    -- What the project chose; a key that is left out takes the installation's default.
    settings jsonb not null default '{}',
    -- Name of what makes the vectors; vectors of two models are not compared.
    model text,
    fitted_model bytea,
    fitted_items integer not null default 0,
    calibrated_threshold double precision,
    -- Grows with every change of the clusters: who computed on an older one starts over.
    revision bigint not null default 0,
    full_run_wanted_at timestamptz,
    updated_at timestamptz not null default now()
  )`,
  // By content, so that the same text is embedded once; 32-bit floats, little-endian.
  `create table feedback_embedding (
    project text not null,
    model text not null,
    content_hash text not null,
    vector bytea not null,
    created_at timestamptz not null default now(),
    primary key (project, model, content_hash)
  )`,
  `create table cluster_edit (
    id text primary key,
    project text not null references project,
    kind text not null,
    body jsonb not null,
    -- The clusters as they were, for taking it back.
    before jsonb not null,
    edited_by text not null,
    at timestamptz not null default clock_timestamp(),
    undone_by text,
    undone_at timestamptz
  )`,
  `create index cluster_edit_of_project on cluster_edit (project, at, id)`,
  `create table cluster_job (
    id text primary key,
    project text not null references project,
    kind text not null check (kind in ('arrivals', 'everything')),
    state text not null default 'pending' check (state in ('pending', 'running', 'succeeded', 'failed')),
    requested_by text not null,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    stats jsonb not null default '{}',
    error text
  )`,
  `create index cluster_job_listing on cluster_job (project, id desc)`,
  ...tables.flatMap(wall),
];
