import type { EnvironmentSettings } from '../../contracts/config-revision.ts';
import type { Db } from '../connect.ts';

export interface LockedEnvironment {
  readonly isNew: boolean;
  readonly head: string | null;
  readonly settings: EnvironmentSettings;
}

/** Keeps the row of an environment, made if there is none, until the transaction ends: changes of it come one after another. */
export async function lockEnvironment(tx: Db, project: string, name: string): Promise<LockedEnvironment> {
  const made = await tx
    .insertInto('config_environment')
    .values({ project, name, head: null, live_sequence: null, previous_sequence: null })
    .onConflict((conflict) => conflict.columns(['project', 'name']).doNothing())
    .returning('name')
    .executeTakeFirst();
  const { head, settings } = await tx
    .selectFrom('config_environment')
    .select(['head', 'settings'])
    .where('project', '=', project)
    .where('name', '=', name)
    .forUpdate()
    .executeTakeFirstOrThrow();
  return { isNew: made !== undefined, head, settings };
}
