import { OpsError } from '../domain/errors.ts';
import type { Db } from './connect.ts';

export interface IdempotencyKey {
  readonly project: string;
  readonly key: string;
  readonly fingerprint: string;
}

/** What an earlier request under this key made, or null. The same key with another fingerprint is an error. */
export async function findResource(db: Db, wanted: IdempotencyKey): Promise<string | null> {
  const row = await db
    .selectFrom('idempotency_key')
    .select(['fingerprint', 'resource_id'])
    .where('project', '=', wanted.project)
    .where('key', '=', wanted.key)
    .executeTakeFirst();
  if (row === undefined) return null;
  if (row.fingerprint !== wanted.fingerprint) {
    throw new OpsError(
      'idempotency-mismatch',
      'this Idempotency-Key was used with another request; send a new key for a new request',
    );
  }
  return row.resource_id;
}
