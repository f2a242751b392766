import type { Db } from '../connect.ts';
import type { IdempotencyKey } from '../idempotency.ts';

/** What a request came to, for when it is repeated. The delivery is kept already: written twice it stays as it was first. */
export async function rememberResource(db: Db, request: IdempotencyKey, resource: string): Promise<void> {
  const { project, key, fingerprint } = request;
  await db
    .insertInto('idempotency_key')
    .values({ project, key, fingerprint, resource_id: resource })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
