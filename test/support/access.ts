import { ulid } from 'ulid';
import { ensureInstallationKey } from '../../db/access/first-keys.ts';
import { newSecret } from '../../db/access/secret.ts';
import type { Db } from '../../db/connect.ts';
import type { Role } from '../../domain/access/roles.ts';

/** A key of a person who is this in every project of the installation. */
export async function keyOfPerson(db: Db, principal: string, role: Role = 'admin'): Promise<string> {
  const secret = newSecret();
  const person = { principal, kind: 'person' as const, role, scopes: null };
  await ensureInstallationKey(db, { id: ulid(), secret, name: 'test', ...person });
  return secret;
}

/** A key of the agent beside a proxy. */
export async function keyOfProxy(db: Db, proxy: string): Promise<string> {
  const secret = newSecret();
  const agent = {
    principal: `proxy:${proxy}`,
    kind: 'proxy' as const,
    role: null,
    scopes: [`proxy:${proxy}`],
  };
  await ensureInstallationKey(db, { id: ulid(), secret, name: 'test', ...agent });
  return secret;
}
