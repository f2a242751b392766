import { sql, type Kysely } from 'kysely';

/** Gates and decisions of every capability, groups of approvers, and the marks that an operation carries. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

/** An id for a gate that had none; hexadecimal digits are digits of a ULID too. */
const idOfStep = `'0' || upper(substr(md5(g.operation_id || '/' || g.step), 1, 25))`;

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
  // What is asked, frozen: who asked, who is excluded, how many of which group, who stands in and when, what expiry means.
  `create table approval_gate (
    id text primary key,
    project text not null,
    operation_id text not null references operation,
    name text not null,
    subject text not null,
    question jsonb not null,
    evidence jsonb,
    level integer not null default 0,
    overdue integer not null default 0,
    opened_at timestamptz not null default now(),
    expires_at timestamptz not null,
    outcome text check (outcome in ('approved', 'rejected', 'broken', 'expired', 'withdrawn')),
    closed_at timestamptz,
    void_at timestamptz,
    consumed_at timestamptz,
    consumed_for text
  )`,
  // Of the subjects that were asked under a name one counts; the rows of the others stay, and stay void.
  `create unique index approval_gate_asked on approval_gate (operation_id, name) where void_at is null`,
  `create index approval_gate_waiting on approval_gate (project, opened_at) where outcome is null and void_at is null`,
  `create table approval_decision (
    id text primary key,
    gate_id text not null references approval_gate,
    project text not null,
    operation_id text not null references operation,
    subject text not null,
    decision text not null check (decision in ('approve', 'reject', 'break-glass')),
    decided_by text not null,
    groups jsonb not null default '[]',
    level integer not null default 0,
    reason text,
    at timestamptz not null default now(),
    announced_at timestamptz,
    consumed_at timestamptz,
    unique (gate_id, decided_by, decision)
  )`,
  `create index approval_decision_unheard on approval_decision (at) where announced_at is null`,
  `insert into approval_gate (id, project, operation_id, name, subject, question, evidence, opened_at, expires_at)
    select ${idOfStep}, o.project, g.operation_id, 'step-' || g.step, g.subject,
      jsonb_build_object(
        'requestedBy', o.started_by,
        'excluded', case when coalesce((asked.gate->>'allowRequester')::boolean, false) then '[]'::jsonb
          else jsonb_build_array(jsonb_build_object('principal', o.started_by, 'because', 'requester')) end,
        'approvals', coalesce((asked.gate->>'approvals')::integer, 1),
        'groups', '[]'::jsonb, 'escalation', '[]'::jsonb,
        'onExpiry', coalesce(asked.gate->>'onTimeout', 'abort')),
      g.evidence, g.opened_at,
      g.opened_at + coalesce((asked.gate->>'timeoutMs')::bigint, 3600000) * interval '1 ms'
    from canary_gate g
    join operation o on o.id = g.operation_id
    join canary_rollout r on r.operation_id = g.operation_id
    cross join lateral (select r.plan->'steps'->g.step->'gate' as gate) asked`,
  // A decision without a gate was never taken by the API, and approves nothing.
  `insert into approval_decision (id, gate_id, project, operation_id, subject, decision, decided_by, reason, at, announced_at, consumed_at)
    select d.id, g.id, d.project, d.operation_id, d.subject, d.decision, d.decided_by, d.reason, d.at, d.announced_at, d.consumed_at
    from canary_decision d join approval_gate g on g.operation_id = d.operation_id and g.subject = d.subject`,
  // What was used up or rejected has its outcome; of the rest an operation that is over asks nothing any more.
  `update approval_gate g set
      outcome = case when used.at is not null then 'approved' when no.at is not null then 'rejected' else 'withdrawn' end,
      closed_at = coalesce(used.at, no.at, o.finished_at, now()), consumed_at = used.at
    from operation o, approval_gate same
      left join lateral (select min(d.consumed_at) as at from approval_decision d
        where d.gate_id = same.id and d.decision = 'approve') used on true
      left join lateral (select min(d.at) as at from approval_decision d
        where d.gate_id = same.id and d.decision = 'reject') no on true
    where same.id = g.id and o.id = g.operation_id
      and (used.at is not null or no.at is not null or o.status = 'closed')`,
  `drop table canary_decision`,
  `drop table canary_gate`,
  `create table approval_group (
    project text not null,
    name text not null,
    claim text,
    created_at timestamptz not null default now(),
    primary key (project, name)
  )`,
  `create table approval_group_member (
    project text not null,
    group_name text not null,
    principal text not null,
    added_by text not null,
    created_at timestamptz not null default now(),
    primary key (project, group_name, principal),
    foreign key (project, group_name) references approval_group (project, name) on delete cascade
  )`,
  // Messages that approve nothing, typed around the API; who broke the glass.
  `alter table operation add column approval_attempts integer not null default 0`,
  `alter table operation add column glass_broken_by text`,
  ...['approval_gate', 'approval_decision', 'approval_group', 'approval_group_member'].flatMap(wall),
];
