import { OpsError } from '../../domain/errors.ts';
import type { CanaryPlan } from '../../contracts/canary-plan.ts';
import type { CanaryConfig } from '../../contracts/canary-rollout.ts';
import type { Start } from '../../contracts/service.ts';
import type { Db } from '../connect.ts';
import type { ReleaseInstance, ServiceSpec } from '../schema.ts';

/** What the hands need to know of a rollout, read fresh for each effect. */
export interface RolloutFacts {
  readonly operationId: string;
  readonly project: string;
  readonly service: string;
  readonly spec: ServiceSpec;
  readonly plan: CanaryPlan;
  readonly version: string;
  readonly stableVersion: string | null;
  /** The service's stable version now: `version` itself once it is promoted. */
  readonly currentStable: string | null;
  readonly startedBy: string;
  readonly status: 'starting' | 'running' | 'closed';
  readonly canary: Release;
  readonly stable: Release | null;
  readonly mode: 'rollout' | 'rollback';
  /** The configuration that comes with `version`, or that a rollback takes away with it; null: none. */
  readonly config: CanaryConfig | null;
}

export interface Release {
  readonly version: string;
  readonly start: Start;
  readonly instances: readonly ReleaseInstance[];
}

/** Throws `not-found` when the operation is no rollout or one of its releases is gone. */
export async function rolloutFacts(db: Db, operationId: string): Promise<RolloutFacts> {
  const row = await db
    .selectFrom('canary_rollout as r')
    .innerJoin('service as s', (join) =>
      join.onRef('s.project', '=', 'r.project').onRef('s.name', '=', 'r.service'),
    )
    .innerJoin('operation as o', 'o.id', 'r.operation_id')
    .select([
      'r.project',
      'r.service',
      'r.version',
      'r.stable_version',
      'r.plan',
      'r.mode',
      'r.config',
      's.spec',
      's.stable_version as current_stable',
      'o.status',
      'o.started_by',
    ])
    .where('r.operation_id', '=', operationId)
    .executeTakeFirst();
  if (row === undefined) throw new OpsError('not-found', `no canary rollout ${operationId}`);
  const { project, service } = row;
  return {
    operationId,
    project,
    service,
    spec: row.spec,
    plan: row.plan,
    version: row.version,
    stableVersion: row.stable_version,
    currentStable: row.current_stable,
    startedBy: row.started_by,
    status: row.status,
    mode: row.mode,
    config: row.config,
    canary: await readRelease(db, project, service, row.version),
    stable: row.stable_version === null ? null : await readRelease(db, project, service, row.stable_version),
  };
}

/** As `rolloutFacts`, for steps forward. Throws `conflict` when the operation has ended: its run was reset after the end. */
export async function openRolloutFacts(db: Db, operationId: string): Promise<RolloutFacts> {
  const facts = await rolloutFacts(db, operationId);
  if (facts.status === 'closed') throw new OpsError('conflict', `the operation ${operationId} has ended`);
  return facts;
}

export async function readRelease(
  db: Db,
  project: string,
  service: string,
  version: string,
): Promise<Release> {
  const release = await db
    .selectFrom('release')
    .select(['version', 'start', 'instances'])
    .where('project', '=', project)
    .where('service', '=', service)
    .where('version', '=', version)
    .executeTakeFirst();
  if (release === undefined)
    throw new OpsError('not-found', `no release ${version} of ${project}/${service}`);
  return release;
}
