import { audit } from '../audit.ts';
import type { Db } from '../connect.ts';
import { violatedUnique } from '../failures.ts';
import { findResource } from '../idempotency.ts';
import { requestJob } from './jobs.ts';

export interface AskedJob {
  readonly id: string;
  readonly project: string;
  readonly principal: string;
  readonly key: string;
  readonly fingerprint: string;
}

/** Records that everything shall be clustered again, with its audit entry; the same request again finds the job it made before. */
export async function askForJob(db: Db, asked: AskedJob): Promise<string> {
  const { id, project, principal, key, fingerprint } = asked;
  const earlier = await findResource(db, asked);
  if (earlier !== null) return earlier;
  try {
    await db.transaction().execute(async (tx) => {
      await tx.insertInto('idempotency_key').values({ project, key, fingerprint, resource_id: id }).execute();
      await requestJob(tx, { id, project, kind: 'everything', requestedBy: principal });
      const entry = { project, principal, action: 'feedback-clustering.run', subject: id, operationId: null };
      await audit(tx, { ...entry, detail: {} });
    });
    return id;
  } catch (error) {
    if (violatedUnique(error) !== 'idempotency_key_pkey') throw error;
    return (await findResource(db, asked)) ?? id;
  }
}
