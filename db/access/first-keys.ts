import { everyProject, type Role } from '../../domain/access/roles.ts';
import type { Db } from '../connect.ts';
import { keyRecordOf } from './secret.ts';

/** A key whose secret an installation keeps in a file of its own; writing it again changes nothing. */
export async function ensureInstallationKey(
  db: Db,
  key: {
    id: string;
    secret: string;
    name: string;
    principal: string;
    kind: 'person' | 'proxy';
    role: Role | null;
    scopes: readonly string[] | null;
  },
): Promise<void> {
  const record = keyRecordOf(key.secret);
  if (record === null) throw new Error(`the file of the key "${key.name}" does not hold a key; remove it`);
  await db.transaction().execute(async (tx) => {
    await tx
      .insertInto('principal')
      .values({ id: key.principal, kind: key.kind })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    if (key.role !== null) {
      await tx
        .insertInto('membership')
        .values({
          project: everyProject,
          principal: key.principal,
          role: key.role,
          granted_by: 'holdfast up',
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    await tx
      .insertInto('api_key')
      .values({
        id: key.id,
        project: everyProject,
        principal: key.principal,
        name: key.name,
        ...record,
        scopes: key.scopes === null ? null : JSON.stringify(key.scopes),
        created_by: 'holdfast up',
        expires_at: null,
        last_used_at: null,
        revoked_at: null,
      })
      .onConflict((conflict) => conflict.column('prefix').doNothing())
      .execute();
  });
}
