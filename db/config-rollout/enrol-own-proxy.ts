import { sql } from 'kysely';
import { audit } from '../audit.ts';
import type { Db } from '../connect.ts';
import { principalOfProxy } from './fleet.ts';

/** The proxy of an embedded stack, whose agent has a key of the installation. */
export interface OwnProxy {
  readonly project: string;
  readonly environment: string;
  readonly proxy: string;
  /** Where a probe reaches it. */
  readonly address: string;
  readonly by: string;
}

/**
 * Makes the environment of a stack with its own proxy as a fleet of one, which is ordered nothing until somebody rolls a configuration
 * out. Only together and only once: one that was removed stays away, until it is invited again. Idempotent.
 */
export async function enrolOwnProxy(db: Db, own: OwnProxy): Promise<void> {
  const { project, environment, proxy, by } = own;
  await db.transaction().execute(async (tx) => {
    if (!(await makeFleet(tx, own)) && !(await takeInvitation(tx, own))) return;
    const principal = principalOfProxy(proxy);
    const detail = { environment, by };
    await audit(tx, {
      ...{ project, principal, action: 'proxy.enroll', subject: proxy, operationId: null, detail },
    });
  });
}

async function makeFleet(tx: Db, { project, environment, proxy, address, by }: OwnProxy): Promise<boolean> {
  const { rows } = await sql`insert into config_environment (project, name)
    select id, ${environment} from project
    where id = ${project} and not exists (select 1 from fleet_proxy where proxy = ${proxy})
    on conflict do nothing returning name`.execute(tx);
  if (rows.length === 0) return false;
  await tx
    .insertInto('fleet_proxy')
    .values({
      ...{ proxy, project, environment, address, state: 'enrolled', invited_by: by },
      enrolled_at: sql<Date>`now()`,
    })
    .execute();
  return true;
}

/** Its agent has a key already, so the token is not needed. */
async function takeInvitation(tx: Db, { project, environment, proxy }: OwnProxy): Promise<boolean> {
  const { rows } = await sql`
    update fleet_proxy f set state = 'enrolled', token_hash = null, token_expires_at = null, enrolled_at = now(),
      sequence = e.live_sequence, ordered_at = case when e.live_sequence is null then null else clock_timestamp() end
    from config_environment e
    where f.proxy = ${proxy} and f.state = 'invited' and f.token_expires_at > now()
      and f.project = ${project} and f.environment = ${environment} and e.project = f.project and e.name = f.environment
    returning f.proxy`.execute(tx);
  return rows.length > 0;
}
