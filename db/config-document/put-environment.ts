import type { EnvironmentSettings } from '../../contracts/config-revision.ts';
import { audit } from '../audit.ts';
import type { Db } from '../connect.ts';
import { lockEnvironment } from './lock-environment.ts';

export interface EnvironmentChange {
  readonly project: string;
  readonly name: string;
  readonly settings: EnvironmentSettings;
  readonly principal: string;
  /** Sees the settings that would be replaced, null for a new environment, while nobody else can change them; throws to refuse. */
  readonly allow: (old: EnvironmentSettings | null) => void;
}

/** Makes the environment or replaces its settings; a running rollout keeps the plan it froze. Answers whether it is new. */
export async function putEnvironment(db: Db, change: EnvironmentChange): Promise<boolean> {
  const { project, name, settings, principal } = change;
  return db.transaction().execute(async (tx) => {
    const old = await lockEnvironment(tx, project, name);
    change.allow(old.isNew ? null : old.settings);
    await tx
      .updateTable('config_environment')
      .set({ settings: JSON.stringify(settings) })
      .where('project', '=', project)
      .where('name', '=', name)
      .execute();
    const { freezes = [], ...rest } = settings;
    await audit(tx, {
      ...{ project, principal, action: 'environment.configure', subject: name, operationId: null },
      detail: { settings: { ...rest, freezes: freezes.map(({ reason: _, ...window }) => window) } },
      personal: { reasons: freezes.length === 0 ? null : freezes.map(({ reason }) => reason).join('\n') },
    });
    return old.isNew;
  });
}
