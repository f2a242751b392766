import type { EnvironmentSettings } from '../../contracts/config-revision.ts';
import type { Db } from '../connect.ts';

/** How an environment wants to be rolled out; empty when nobody has said anything. */
export async function environmentSettings(
  db: Db,
  project: string,
  environment: string,
): Promise<EnvironmentSettings> {
  const row = await db
    .selectFrom('config_environment')
    .select('settings')
    .where('project', '=', project)
    .where('name', '=', environment)
    .executeTakeFirst();
  return row?.settings ?? {};
}

export async function freezesOf(
  db: Db,
  project: string,
  environment: string,
): Promise<NonNullable<EnvironmentSettings['freezes']>> {
  return (await environmentSettings(db, project, environment)).freezes ?? [];
}
