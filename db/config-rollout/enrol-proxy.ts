import { sql } from 'kysely';
import { OpsError } from '../../domain/errors.ts';
import { audit } from '../audit.ts';
import type { KeyRecord } from '../access/secret.ts';
import type { Db } from '../connect.ts';
import { inEveryProject, inProject } from '../scope.ts';
import { principalOfProxy } from './fleet.ts';

export interface Enrolment {
  /** sha256 of the token that was presented. */
  readonly tokenHash: Buffer;
  readonly keyId: string;
  /** What is kept of the new key. */
  readonly key: KeyRecord;
}

export interface Enrolled {
  readonly proxy: string;
  readonly project: string;
  readonly environment: string;
}

/**
 * Trades a token for a key of the proxy, once: of two who come with the same one a single one gets it. null when the token is unknown,
 * used or expired, which nobody can tell apart. A proxy whose environment is live gets that configuration.
 */
export async function enrolProxy(db: Db, enrolment: Enrolment): Promise<Enrolled | null> {
  const project = await inEveryProject(() => projectOf(db, enrolment.tokenHash));
  if (project === null) return null;
  return inProject(project, () =>
    db.transaction().execute(async (tx) => {
      const enrolled = await useToken(tx, enrolment.tokenHash);
      if (!enrolled) return null;
      await makeKey(tx, enrolled, enrolment);
      const { proxy, environment } = enrolled;
      const detail = { environment, prefix: enrolment.key.prefix };
      const principal = principalOfProxy(proxy);
      await audit(tx, {
        ...{ project, principal, action: 'proxy.enroll', subject: proxy, operationId: null, detail },
      });
      return enrolled;
    }),
  );
}

async function projectOf(db: Db, tokenHash: Buffer): Promise<string | null> {
  const row = await db
    .selectFrom('fleet_proxy')
    .select('project')
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst();
  return row?.project ?? null;
}

async function useToken(tx: Db, tokenHash: Buffer): Promise<Enrolled | null> {
  const { rows } = await sql<Enrolled>`
    update fleet_proxy f set state = 'enrolled', token_hash = null, token_expires_at = null, enrolled_at = now(),
      sequence = e.live_sequence, ordered_at = case when e.live_sequence is null then null else clock_timestamp() end
    from config_environment e
    where f.token_hash = ${tokenHash} and f.state = 'invited' and f.token_expires_at > now()
      and e.project = f.project and e.name = f.environment
    returning f.proxy, f.project, f.environment`.execute(tx);
  return rows[0] ?? null;
}

async function makeKey(tx: Db, { proxy, project }: Enrolled, { keyId, key }: Enrolment): Promise<void> {
  const id = principalOfProxy(proxy);
  await tx
    .insertInto('principal')
    .values({ id, kind: 'proxy' })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { kind } = await tx
    .selectFrom('principal')
    .select('kind')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  if (kind !== 'proxy')
    throw new OpsError('conflict', `${id} is a ${kind} here; invite the proxy under another name`);
  await tx
    .insertInto('api_key')
    .values({
      ...{ id: keyId, project, principal: id, name: `agent of ${proxy}`, prefix: key.prefix, hash: key.hash },
      ...{ scopes: JSON.stringify([id]), created_by: id },
      // A proxy keeps serving for ever with nobody there to renew anything.
      ...{ expires_at: null, last_used_at: null, revoked_at: null },
    })
    .execute();
}
