import { sql } from 'kysely';
import type { CanaryConfig } from '../../contracts/canary-rollout.ts';
import { audit } from '../audit.ts';
import type { Db } from '../connect.ts';
import type { ReleaseInstance } from '../schema.ts';

interface ReleaseKey {
  readonly project: string;
  readonly service: string;
  readonly version: string;
  /** For whom it is done; left out where it is for no operation. */
  readonly operationId?: string;
}

/** What runs of a release. Saving the same again changes nothing. */
export async function saveInstances(
  db: Db,
  key: ReleaseKey,
  instances: readonly ReleaseInstance[],
): Promise<void> {
  const json = JSON.stringify(instances);
  await db.transaction().execute(async (tx) => {
    const changed = await tx
      .updateTable('release')
      .set({ instances: json })
      .where('project', '=', key.project)
      .where('service', '=', key.service)
      .where('version', '=', key.version)
      .where(sql<boolean>`instances is distinct from ${json}::jsonb`)
      .returning('version')
      .executeTakeFirst();
    if (changed === undefined) return;
    await tell(tx, instances.length > 0 ? 'release.run' : 'release.remove', key, { instances });
  });
}

async function tell(
  tx: Db,
  action: string,
  { project, service, version, operationId }: ReleaseKey,
  detail: Record<string, unknown>,
): Promise<void> {
  const entry = {
    project,
    principal: 'holdfast',
    action,
    subject: service,
    operationId: operationId ?? null,
  };
  await audit(tx, { ...entry, detail: { version, ...detail } });
}

/**
 * Makes `version` the stable one and keeps the one before it warm. Runs once: the second call finds it stable and changes nothing.
 * An older warm release is due for removal at once.
 */
export async function promoteVersion(
  db: Db,
  key: ReleaseKey & { readonly config?: CanaryConfig | null },
  warmWindowMs: number,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const service = await tx
      .selectFrom('service')
      .select(['stable_version', 'previous_version'])
      .where('project', '=', key.project)
      .where('name', '=', key.service)
      .forUpdate()
      .executeTakeFirstOrThrow();
    if (service.stable_version === key.version) return;
    const warmUntil = new Date(Date.now() + warmWindowMs);
    const previous = service.stable_version;
    await retire(tx, key, service.previous_version, new Date());
    await retire(tx, key, previous, warmUntil);
    await retire(tx, key, key.version, null);
    await rememberConfig(tx, key, key.config ?? null);
    await tx
      .updateTable('service')
      .set({
        stable_version: key.version,
        previous_version: previous,
        warm_until: previous === null ? null : warmUntil,
      })
      .where('project', '=', key.project)
      .where('name', '=', key.service)
      .execute();
    await tell(tx, 'release.promote', key, {
      previous,
      ...(key.config == null ? {} : { config: key.config }),
    });
  });
}

/** What a version was promoted with last: whoever takes it back takes that back as well. */
async function rememberConfig(tx: Db, key: ReleaseKey, config: CanaryConfig | null): Promise<void> {
  await tx
    .updateTable('release')
    .set({ config: config && JSON.stringify(config) })
    .where('project', '=', key.project)
    .where('service', '=', key.service)
    .where('version', '=', key.version)
    .execute();
}

/** The reverse of a promotion: `to` is stable again and nothing is warm. Repeating it changes nothing. */
export async function swapStable(
  db: Db,
  { project, service, operationId }: Omit<ReleaseKey, 'version'>,
  from: string,
  to: string,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await retire(tx, { project, service }, to, null);
    const swapped = await tx
      .updateTable('service')
      .set({ stable_version: to, previous_version: null, warm_until: null })
      .where('project', '=', project)
      .where('name', '=', service)
      .where('stable_version', '=', from)
      .returning('name')
      .executeTakeFirst();
    if (swapped === undefined) return;
    await tell(tx, 'release.swap-back', { project, service, version: to, operationId }, { from });
  });
}

async function retire(
  db: Db,
  key: Omit<ReleaseKey, 'version'>,
  version: string | null,
  at: Date | null,
): Promise<void> {
  if (version === null) return;
  await db
    .updateTable('release')
    .set({ retire_at: at })
    .where('project', '=', key.project)
    .where('service', '=', key.service)
    .where('version', '=', version)
    .execute();
}

/** Releases whose time is over and that nothing uses: neither stable nor in an open rollout. */
export async function releasesToRetire(db: Db) {
  return db
    .selectFrom('release as r')
    .innerJoin('service as s', (join) =>
      join.onRef('s.project', '=', 'r.project').onRef('s.name', '=', 'r.service'),
    )
    .select([
      'r.project',
      'r.service',
      'r.version',
      'r.instances',
      'r.start',
      's.spec',
      's.stable_version',
      's.previous_version',
    ])
    .where('r.retire_at', '<=', sql<Date>`now()`)
    .where(sql<boolean>`r.version is distinct from s.stable_version`)
    .where(
      sql<boolean>`not exists (select from canary_rollout c join operation o on o.id = c.operation_id
        where o.status <> 'closed' and c.project = r.project and c.service = r.service and r.version in (c.version, c.stable_version))`,
    )
    .execute();
}

/** The release is gone: nothing runs, and nobody can roll back to it. */
export async function forgetRelease(db: Db, key: ReleaseKey): Promise<void> {
  await saveInstances(db, key, []);
  await retire(db, key, key.version, null);
  await db
    .updateTable('service')
    .set({ previous_version: null, warm_until: null })
    .where('project', '=', key.project)
    .where('name', '=', key.service)
    .where('previous_version', '=', key.version)
    .execute();
}

/** Releases that must be running now: every stable one and every one kept warm. */
export async function releasesInService(db: Db) {
  return db
    .selectFrom('release as r')
    .innerJoin('service as s', (join) =>
      join.onRef('s.project', '=', 'r.project').onRef('s.name', '=', 'r.service'),
    )
    .select(['r.project', 'r.service', 'r.version', 'r.instances', 'r.start', 's.spec'])
    .where(
      sql<boolean>`r.version = s.stable_version or (r.version = s.previous_version and s.warm_until > now())`,
    )
    .execute();
}

/** Versions of a service that something still needs: stable, warm, waiting for their end, or in an open operation. */
export async function versionsInUse(db: Db, project: string, service: string): Promise<string[]> {
  const { rows } = await sql<{ version: string }>`
    select r.version from release r join service s on s.project = r.project and s.name = r.service
    where r.project = ${project} and r.service = ${service} and (
      r.version in (s.stable_version, s.previous_version) or r.retire_at is not null
      or exists (select from canary_rollout c join operation o on o.id = c.operation_id
        where o.status <> 'closed' and c.project = r.project and c.service = r.service
          and r.version in (c.version, c.stable_version)))`.execute(db);
  return rows.map((row) => row.version);
}

/** Every service with the ways in which its versions run. */
export async function servicesWithRuntimes(db: Db) {
  const { rows } = await sql<{ project: string; service: string; runtimes: ('process' | 'docker')[] }>`
    select project, service, array_agg(distinct start->>'runtime') as runtimes
    from release group by project, service`.execute(db);
  return rows;
}
