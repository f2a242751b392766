import { audit } from '../audit.ts';
import type { Db } from '../connect.ts';
import { requestJob } from './jobs.ts';
import { readState } from './state.ts';

export interface SettingsChange {
  readonly project: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly principal: string;
  readonly jobId: string;
  /** Throws when the change was made on other settings than the present ones. */
  readonly allow: (present: Readonly<Record<string, unknown>>) => void;
}

/** Changes the settings and asks for the job that makes them count, with the audit entry. */
export async function changeSettings(db: Db, change: SettingsChange): Promise<void> {
  const { project, settings, principal, jobId, allow } = change;
  await readState(db, project);
  await db.transaction().execute(async (tx) => {
    const { settings: present } = await tx
      .selectFrom('feedback_clustering')
      .select('settings')
      .where('project', '=', project)
      .forNoKeyUpdate()
      .executeTakeFirstOrThrow();
    allow(present);
    await tx
      .updateTable('feedback_clustering')
      .set({ settings: JSON.stringify(settings) })
      .where('project', '=', project)
      .execute();
    await requestJob(tx, { id: jobId, project, kind: 'everything', requestedBy: principal });
    const entry = { project, principal, action: 'feedback-clustering.configure', subject: project };
    await audit(tx, { ...entry, operationId: null, detail: { ...settings } });
  });
}
