import { sql, type Kysely } from 'kysely';

/**
 * Projects are walled off from each other by Postgres itself, behind the queries' own filters: the application works as a role that
 * owns nothing, and sees the rows of the project in `holdfast.project` alone. `*` is every project; nothing set is an error.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const app = 'holdfast_app';
const inScope = `(select holdfast_scope()) in (project, '*')`;

/** Which row of another table decides, where a row does not name its project itself. */
const throughParent: Readonly<Record<string, string>> = {
  operation_event: 'exists (select from operation o where o.id = operation_id)',
  canary_gate: 'exists (select from operation o where o.id = operation_id)',
  notification_attempt: 'exists (select from notification_delivery d where d.id = delivery_id)',
};

const byProject = [
  ...['service', 'release', 'operation', 'canary_rollout', 'canary_decision', 'command', 'idempotency_key'],
  ...['operation_archive', 'emergency_stop', 'traffic_target', 'server_sample', 'api_key'],
  ...['audit_entry', 'audit_pending', 'audit_seal', 'audit_personal', 'audit_checkpoint'],
  ...['notification_channel', 'notification_delivery'],
];

/** Equipment and people of the whole installation: a project learns of them through rows of its own. */
const ofTheInstallation = ['proxy', 'principal'];

const mayOnlyGrow = ['audit_entry', 'audit_seal', 'audit_checkpoint'];

function wall(table: string, condition: string): string[] {
  return [
    `alter table ${table} enable row level security`,
    // The owner as well, unless it is a superuser.
    `alter table ${table} force row level security`,
    `create policy wall on ${table} using (${condition}) with check (${condition})`,
    `grant select, insert${mayOnlyGrow.includes(table) ? '' : ', update, delete'} on ${table} to ${app}`,
  ];
}

const statements = [
  // Roles belong to the whole server: another database of it may have made this one, in this very moment.
  // It may log in and has no password: none is known until somebody who may do so sets one.
  `do $$ begin
    create role ${app} login;
  exception when duplicate_object or unique_violation then null;
  end $$`,
  // Whoever migrates may be the one who works, too: then it works as this role.
  `do $$ begin
    if not pg_has_role(current_user, '${app}', 'set') then execute format('grant ${app} to %I', current_user); end if;
  end $$`,
  `create function holdfast_scope() returns text language plpgsql stable parallel safe as $$
  declare scope text := current_setting('holdfast.project', true);
  begin
    if coalesce(scope, '') = '' then
      raise exception 'no project is in scope' using errcode = 'insufficient_privilege';
    end if;
    return scope;
  end $$`,
  // Counters belong to whom the backend belonged to when they were taken, not to whoever takes the backend over.
  `alter table server_sample add column project text`,
  `update server_sample s set project = t.project from traffic_target t where t.proxy = s.proxy and t.backend = s.backend`,
  `delete from server_sample where project is null`,
  `alter table server_sample alter column project set not null`,
  ...byProject.flatMap((table) => wall(table, inScope)),
  ...Object.entries(throughParent).flatMap(([table, condition]) => wall(table, condition)),
  ...wall('project', `(select holdfast_scope()) in (id, '*')`),
  ...wall('membership', inScope),
  // Who is something everywhere is something here as well; only who works everywhere may change that.
  `create policy everywhere on membership for select using (project = '*')`,
  ...ofTheInstallation.map((table) => `grant select, insert, update, delete on ${table} to ${app}`),
  `grant select on kysely_migration to ${app}`,
];
