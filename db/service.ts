import { sql, type Selectable } from 'kysely';
import type { Service } from '../contracts/service.ts';
import { OpsError } from '../domain/errors.ts';
import { audit } from './audit.ts';
import type { Db } from './connect.ts';
import { violatedUnique } from './failures.ts';
import type { Database, ServiceSpec } from './schema.ts';

/** By name, in alphabetical order; the stop that holds is that of the service, else that of the project. */
export async function listServices(
  db: Db,
  project: string,
  page: { after: string | null; limit: number },
): Promise<Service[]> {
  let query = services(db, project);
  if (page.after !== null) query = query.where('service.name', '>', page.after);
  const rows = await query.orderBy('service.name').limit(page.limit).execute();
  return rows.map(toService);
}

export async function findService(db: Db, project: string, name: string): Promise<Service | null> {
  const row = await services(db, project).where('service.name', '=', name).executeTakeFirst();
  return row === undefined ? null : toService(row);
}

export async function requireService(db: Db, project: string, name: string): Promise<Service> {
  const service = await findService(db, project, name);
  if (service !== null) return service;
  throw new OpsError('not-found', `there is no service ${name}; register it: holdfast service register FILE`);
}

export interface ServiceChange {
  readonly project: string;
  readonly name: string;
  readonly spec: ServiceSpec;
  readonly principal: string;
  /** Sees the spec that would be replaced, null for a new one, while nobody else can change it; throws to refuse. */
  readonly allow: (old: ServiceSpec | null) => void;
}

/**
 * Creates the service or replaces its spec; a running rollout keeps what it froze. Where traffic goes can only change while
 * nothing was released. Answers whether it is new.
 */
export async function putService(db: Db, change: ServiceChange): Promise<boolean> {
  try {
    return await db.transaction().execute((tx) => writeService(tx, change));
  } catch (error) {
    if (violatedUnique(error) !== 'service_backend') throw error;
    const { proxy, backend } = change.spec.traffic;
    throw new OpsError(
      'conflict',
      `the backend ${backend} of the proxy ${proxy} belongs to another service; a backend serves one service`,
      { errors: [{ pointer: '/traffic/backend', detail: 'belongs to another service' }] },
      error,
    );
  }
}

async function writeService(tx: Db, change: ServiceChange): Promise<boolean> {
  const { project, name, spec, principal } = change;
  const old = await tx
    .selectFrom('service')
    .select(['spec', 'stable_version'])
    .where('project', '=', project)
    .where('name', '=', name)
    .forUpdate()
    .executeTakeFirst();
  change.allow(old?.spec ?? null);
  if (old !== undefined && isElsewhere(old.spec, spec)) await refuseMove(tx, change, old.stable_version);
  await tx
    .insertInto('service')
    .values({
      project,
      name,
      spec: JSON.stringify(spec),
      stable_version: null,
      previous_version: null,
      warm_until: null,
    })
    .onConflict((conflict) =>
      conflict.columns(['project', 'name']).doUpdateSet({ spec: JSON.stringify(spec) }),
    )
    .execute();
  await audit(tx, {
    project,
    principal,
    action: old === undefined ? 'service.register' : 'service.replace',
    subject: name,
    operationId: null,
    detail: { spec },
  });
  return old === undefined;
}

function isElsewhere(old: ServiceSpec, next: ServiceSpec): boolean {
  return old.traffic.proxy !== next.traffic.proxy || old.traffic.backend !== next.traffic.backend;
}

async function refuseMove(tx: Db, change: ServiceChange, stable: string | null): Promise<void> {
  const operationId = await openOperationOf(tx, change.project, change.name);
  if (stable === null && operationId === null) return;
  throw new OpsError(
    'conflict',
    `the service ${change.name} serves or is being rolled out, so it cannot move to another backend; register it under another name there`,
    { errors: [{ pointer: '/traffic', detail: 'cannot change now' }], operationId },
  );
}

/** Removes a service of which nothing runs; its operations and their timelines stay. */
export async function removeService(db: Db, project: string, name: string, principal: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const found = await tx
      .selectFrom('service')
      .select('name')
      .where('project', '=', project)
      .where('name', '=', name)
      .forUpdate()
      .executeTakeFirst();
    if (found === undefined) throw new OpsError('not-found', `there is no service ${name}`);
    await refuseWhileRunning(tx, project, name);
    await tx
      .deleteFrom('traffic_target')
      .where('project', '=', project)
      .where('service', '=', name)
      .execute();
    await tx.deleteFrom('release').where('project', '=', project).where('service', '=', name).execute();
    await tx
      .deleteFrom('emergency_stop')
      .where('project', '=', project)
      .where('service', '=', name)
      .execute();
    await tx.deleteFrom('service').where('project', '=', project).where('name', '=', name).execute();
    await audit(tx, {
      project,
      principal,
      action: 'service.remove',
      subject: name,
      operationId: null,
      detail: {},
    });
  });
}

async function refuseWhileRunning(tx: Db, project: string, name: string): Promise<void> {
  const operationId = await openOperationOf(tx, project, name);
  if (operationId !== null) {
    throw new OpsError('conflict', `${operationId} is running for the service ${name}; abort it first`, {
      operationId,
    });
  }
  const running = await tx
    .selectFrom('release')
    .select('version')
    .where('project', '=', project)
    .where('service', '=', name)
    .where(sql<boolean>`jsonb_array_length(instances) > 0`)
    .executeTakeFirst();
  if (running === undefined) return;
  throw new OpsError('conflict', `version ${running.version} of the service ${name} is still running`);
}

async function openOperationOf(db: Db, project: string, service: string): Promise<string | null> {
  const row = await db
    .selectFrom('operation')
    .select('id')
    .where('project', '=', project)
    .where('kind', '=', 'canary-rollout')
    .where('target', '=', service)
    .where('status', '<>', 'closed')
    .executeTakeFirst();
  return row?.id ?? null;
}

interface ServiceRow extends Selectable<Database['service']> {
  readonly stopped: Service['stopped'];
}

function services(db: Db, project: string) {
  return db
    .selectFrom('service')
    .selectAll('service')
    .select(
      sql<Service['stopped']>`(
        select jsonb_build_object('reason', s.reason, 'by', s.stopped_by, 'at', s.at)
        from emergency_stop s where s.project = service.project and s.service in (service.name, '*')
        order by s.service desc limit 1)`.as('stopped'),
    )
    .where('service.project', '=', project);
}

function toService(row: ServiceRow): Service {
  return {
    name: row.name,
    start: row.spec.start,
    traffic: row.spec.traffic,
    health: row.spec.health,
    instances: row.spec.instances,
    plan: row.spec.plan,
    stableVersion: row.stable_version,
    previousVersion: row.previous_version,
    warmUntil: row.warm_until?.toISOString() ?? null,
    stopped: row.stopped === null ? null : { ...row.stopped, at: new Date(row.stopped.at).toISOString() },
    createdAt: row.created_at.toISOString(),
  };
}
