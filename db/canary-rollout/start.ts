import { sql } from 'kysely';
import type { CanaryPlan } from '../../contracts/canary-plan.ts';
import type { CanaryConfig, CanaryRolloutState } from '../../contracts/canary-rollout.ts';
import type { Start } from '../../contracts/service.ts';
import { auditedFromTarget } from '../audit.ts';
import type { Db } from '../connect.ts';
import { violatedUnique } from '../failures.ts';
import { defaultOperationsPerProject } from '../operation-slots.ts';
import { canaryRolloutWorkflowId } from '../../domain/canary-rollout/workflow-id.ts';

export interface NewRollout {
  readonly operationId: string;
  readonly project: string;
  readonly service: string;
  readonly version: string;
  /** How the version starts; null takes that of the service. */
  readonly start: Start | null;
  /** The frozen plan; null takes that of the service, else `defaultPlan`. */
  readonly plan: CanaryPlan | null;
  readonly defaultPlan: CanaryPlan;
  readonly principal: string;
  readonly reason: string | null;
  /** The configuration that comes with the version; left out: it comes alone. */
  readonly config?: CanaryConfig | null;
  readonly key: string;
  readonly fingerprint: string;
}

export interface StartedRollout {
  readonly createdAt: Date;
  readonly stableVersion: string | null;
  readonly plan: CanaryPlan;
  readonly state: CanaryRolloutState;
}

/**
 * Writes all that a rollout is, durably, in one round trip: idempotency key, release, operation (its unique index is the lock),
 * rollout and audit entry. Answers null when any of it was refused, and nothing was written: the caller then finds out why.
 * `slots` is how many operations the project may have open.
 */
export async function insertRollout(
  db: Db,
  rollout: NewRollout,
  slots: number = defaultOperationsPerProject,
): Promise<StartedRollout | null> {
  for (;;) {
    try {
      const { rows } = await insertStatement(rollout, slots).execute(db);
      return rows[0] ?? null;
    } catch (error) {
      const refusedBy = violatedUnique(error);
      if (refusedBy === 'operation_open' || refusedBy === 'idempotency_key_pkey') return null;
      // Another start took the slot in this moment: there is one more open operation, and another slot or none.
      if (refusedBy !== 'operation_slot') throw error;
    }
  }
}

function insertStatement(rollout: NewRollout, slots: number) {
  const { operationId, project, service, version, principal, reason, key, fingerprint } = rollout;
  const summary = `rollout of ${service} ${version} is starting`;
  const audited = {
    project,
    principal,
    action: 'canary-rollout.start',
    subject: service,
    operationId,
    detail: rollout.config == null ? { version } : { version, config: { ...rollout.config } },
    personal: { reason },
  };
  return sql<StartedRollout>`/* prepared */ with asked as (
    select ${operationId}::text as id, ${project}::text as project, ${service}::text as service,
      ${version}::text as version, ${principal}::text as principal
  ), target as (
    select asked.*, s.spec, s.stable_version, free.slot
    from asked join service s on s.project = asked.project and s.name = asked.service
    cross join lateral (
      select number as slot from generate_series(1, ${slots}::int) as number
      where not exists (
        select 1 from operation o where o.project = asked.project and o.status <> 'closed' and o.slot = number
      )
      order by random() limit 1
    ) free
    where s.stable_version is distinct from asked.version
      and not exists (
        select 1 from emergency_stop e where e.project = asked.project and e.service in (asked.service, '*')
      )
  ), kept as (
    insert into idempotency_key (project, key, fingerprint, resource_id)
    select project, ${key}::text, ${fingerprint}::text, id from target
  ), released as (
    insert into release (project, service, version, start)
    select project, service, version, coalesce(${jsonOrNull(rollout.start)}::jsonb, spec->'start') from target
    on conflict (project, service, version) do update set
      retire_at = null,
      start = case when release.instances = '[]' then excluded.start else release.start end
  ), opened as (
    insert into operation (id, project, kind, target, status, phase, summary, started_by, workflow_id, slot)
    select id, project, 'canary-rollout', service, 'starting', 'starting', ${summary}::text, principal,
      ${canaryRolloutWorkflowId(project, service)}::text, slot
    from target
    returning created_at
  ), described as (
    insert into canary_rollout (operation_id, project, service, version, stable_version, config, mode, plan, state)
    select id, project, service, version, stable_version, ${jsonOrNull(rollout.config ?? null)}::jsonb, 'rollout',
      coalesce(${jsonOrNull(rollout.plan)}::jsonb, spec->'frozenPlan', ${JSON.stringify(rollout.defaultPlan)}::jsonb),
      ${JSON.stringify(initialState)}::jsonb || jsonb_build_object('compared', stable_version is not null, 'reason', ${reason}::text)
    from target
    returning stable_version, plan, state
  ), ${auditedFromTarget(audited)}
  select opened.created_at as "createdAt", described.stable_version as "stableVersion", described.plan, described.state
  from opened, described`;
}

export interface NewRollback {
  readonly operationId: string;
  readonly project: string;
  readonly service: string;
  readonly defaultPlan: CanaryPlan;
  readonly principal: string;
  readonly reason: string;
  readonly key: string;
  readonly fingerprint: string;
}

export interface StartedRollback extends StartedRollout {
  /** The version that loses the traffic; `stableVersion` gets it back. */
  readonly version: string;
}

/** Like `insertRollout`, for putting the previous release back while it is warm; an emergency stop does not hinder it. */
export async function insertRollback(db: Db, rollback: NewRollback): Promise<StartedRollback | null> {
  try {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const versions = await versionsOf(db, rollback);
      if (versions === null) return null;
      const { rows } = await rollbackStatement(rollback, versions).execute(db);
      if (rows[0] !== undefined) return rows[0];
    }
    return null;
  } catch (error) {
    const refusedBy = violatedUnique(error);
    if (refusedBy === 'operation_open' || refusedBy === 'idempotency_key_pkey') return null;
    throw error;
  }
}

/** Versions that change between the look and the statement are looked at again. */
const attempts = 3;

interface Versions {
  readonly from: string;
  readonly to: string;
}

/** The audit entry names both, so they are read before it is made. */
async function versionsOf(db: Db, { project, service }: NewRollback): Promise<Versions | null> {
  const row = await db
    .selectFrom('service')
    .select(['stable_version', 'previous_version'])
    .where('project', '=', project)
    .where('name', '=', service)
    .executeTakeFirst();
  if (!row?.stable_version || !row.previous_version) return null;
  return { from: row.stable_version, to: row.previous_version };
}

function rollbackStatement(rollback: NewRollback, versions: Versions) {
  const { operationId, project, service, principal, reason, key, fingerprint } = rollback;
  const audited = {
    project,
    principal,
    action: 'canary-rollout.rollback',
    subject: service,
    operationId,
    detail: { ...versions },
    personal: { reason },
  };
  return sql<StartedRollback>`with asked as (
    select ${operationId}::text as id, ${project}::text as project, ${service}::text as service,
      ${principal}::text as principal
  ), target as (
    select asked.*, s.spec, s.stable_version as version, s.previous_version as stable_version
    from asked join service s on s.project = asked.project and s.name = asked.service
    where s.stable_version = ${versions.from}::text and s.previous_version = ${versions.to}::text and s.warm_until > now()
  ), kept as (
    insert into idempotency_key (project, key, fingerprint, resource_id)
    select project, ${key}::text, ${fingerprint}::text, id from target
  ), opened as (
    insert into operation (id, project, kind, target, status, phase, summary, started_by, workflow_id)
    select id, project, 'canary-rollout', service, 'starting', 'starting',
      'rollback of ' || service || ' to ' || stable_version || ' is starting', principal,
      ${canaryRolloutWorkflowId(project, service)}::text
    from target
    returning created_at
  ), described as (
    insert into canary_rollout (operation_id, project, service, version, stable_version, config, mode, plan, state)
    select id, project, service, version, stable_version,
      (select r.config from release r
        where r.project = target.project and r.service = target.service and r.version = target.version),
      'rollback',
      coalesce(spec->'frozenPlan', ${JSON.stringify(rollback.defaultPlan)}::jsonb), ${JSON.stringify({ ...initialState, reason })}::jsonb
    from target
    returning version, stable_version, plan, state
  ), ${auditedFromTarget(audited)}
  select opened.created_at as "createdAt", described.version, described.stable_version as "stableVersion",
    described.plan, described.state
  from opened, described`;
}

const initialState: CanaryRolloutState = {
  phase: 'starting',
  revision: 0,
  step: -1,
  weight: 0,
  compared: true,
  waitingFor: null,
  hold: null,
  muted: [],
  gate: null,
  lastCheck: null,
  outcome: null,
  reason: null,
};

function jsonOrNull(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}
