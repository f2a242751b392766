import { sql } from 'kysely';
import { OpsError } from '../../domain/errors.ts';
import { audit } from '../audit.ts';
import { forgetKeys } from '../access/api-key.ts';
import type { Db } from '../connect.ts';
import { inEveryProject } from '../scope.ts';

export interface Invitation {
  readonly project: string;
  readonly environment: string;
  readonly proxy: string;
  readonly region: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly address: string | null;
  /** sha256 of the token, which itself is kept nowhere. */
  readonly tokenHash: Buffer;
  readonly expiresAt: Date;
  readonly by: string;
  /** Whether who invites may do so in every project: only then a proxy may join that has a key of the installation. */
  readonly mayTakeAny: boolean;
}

/** Invites a proxy; inviting it again before it has enrolled replaces the token. Throws `conflict` when the name is not free. */
export async function inviteProxy(db: Db, invitation: Invitation): Promise<void> {
  const { project, environment, proxy, region, labels, address, by, expiresAt } = invitation;
  await refuseKeyHolder(db, invitation);
  await db.transaction().execute(async (tx) => {
    await requireEnvironment(tx, invitation);
    const place = { region, labels: JSON.stringify(labels), address, invited_by: by };
    const token = { token_hash: invitation.tokenHash, token_expires_at: expiresAt };
    const added = await tx
      .insertInto('fleet_proxy')
      .values({ proxy, project, environment, state: 'invited', ...place, ...token })
      .onConflict((conflict) => conflict.doNothing())
      .returning('proxy')
      .executeTakeFirst();
    if (!added) {
      await refuseOthers(tx, invitation);
      const changes = { ...place, ...token };
      await tx.updateTable('fleet_proxy').set(changes).where('proxy', '=', proxy).execute();
    }
    const detail = { environment, region, labels, expiresAt: expiresAt.toISOString() };
    await audit(tx, entryOf(invitation, 'proxy.invite', detail));
  });
}

/** A key of the installation, or of another project, would go on speaking for the proxy beside the new one. */
async function refuseKeyHolder(db: Db, { proxy, project, mayTakeAny }: Invitation): Promise<void> {
  if (mayTakeAny) return;
  const holder = await inEveryProject(() =>
    db
      .selectFrom('api_key')
      .select('id')
      .where('principal', '=', principalOfProxy(proxy))
      .where('project', '<>', project)
      .where((is) => is.or([is('revoked_at', 'is', null), is('revoked_at', '>', sql<Date>`now()`)]))
      .executeTakeFirst(),
  );
  if (holder) throw taken(proxy);
}

async function requireEnvironment(tx: Db, { project, environment }: Invitation): Promise<void> {
  const found = await tx
    .selectFrom('config_environment')
    .select('name')
    .where('project', '=', project)
    .where('name', '=', environment)
    .executeTakeFirst();
  if (found) return;
  throw new OpsError(
    'not-found',
    `project ${project} has no environment ${environment}; make it: PUT /v1/projects/${project}/environments/${environment}`,
    { errors: [{ pointer: '/environment', detail: 'is not there yet' }] },
  );
}

/** The row is there already: of somebody else, who cannot be seen from here, or of a proxy that has enrolled. */
async function refuseOthers(tx: Db, { project, environment, proxy }: Invitation): Promise<void> {
  const row = await tx
    .selectFrom('fleet_proxy')
    .select(['environment', 'state'])
    .where('proxy', '=', proxy)
    .where('project', '=', project)
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw taken(proxy);
  if (row.state === 'enrolled') {
    throw new OpsError(
      'conflict',
      `proxy ${proxy} is enrolled in ${row.environment}; to enrol it anew remove it first: DELETE /v1/projects/${project}/fleet/${proxy}`,
    );
  }
  if (row.environment === environment) return;
  throw new OpsError('conflict', `proxy ${proxy} is invited to ${row.environment}; remove that first`);
}

/** Takes a proxy out of its fleet: its keys are revoked, its reports forgotten, and its HAProxy goes on as it is. */
export async function removeProxy(
  db: Db,
  { project, proxy, by, reason }: { project: string; proxy: string; by: string; reason?: string },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const row = await tx
      .selectFrom('fleet_proxy')
      .leftJoin('operation', 'operation.id', 'fleet_proxy.owner')
      .select(['fleet_proxy.environment', 'fleet_proxy.owner', 'operation.status'])
      .where('fleet_proxy.proxy', '=', proxy)
      .where('fleet_proxy.project', '=', project)
      .forUpdate('fleet_proxy')
      .executeTakeFirst();
    if (!row) throw noProxy(project, proxy);
    if (row.owner !== null && row.status !== 'closed') throw owned(proxy, row.owner);
    await tx
      .updateTable('api_key')
      .set({ revoked_at: sql<Date>`least(revoked_at, now())` })
      .where('project', '=', project)
      .where('principal', '=', principalOfProxy(proxy))
      .execute();
    await tx.deleteFrom('fleet_proxy').where('proxy', '=', proxy).where('project', '=', project).execute();
    const detail = { environment: row.environment, reason: reason ?? null };
    await audit(tx, entryOf({ project, proxy, by }, 'proxy.remove', detail));
    await forgetKeys(tx);
  });
}

export function noProxy(project: string, proxy: string): OpsError {
  return new OpsError(
    'not-found',
    `project ${project} has no proxy ${proxy}; invite it: POST /v1/projects/${project}/enrollments`,
  );
}

/** Who the agent of a proxy is. */
export function principalOfProxy(proxy: string): string {
  return `proxy:${proxy}`;
}

function taken(proxy: string): OpsError {
  return new OpsError('conflict', `the name ${proxy} is taken in this installation; choose another one`, {
    errors: [{ pointer: '/proxy', detail: 'is taken' }],
  });
}

function owned(proxy: string, owner: string): OpsError {
  return new OpsError('conflict', `proxy ${proxy} belongs to operation ${owner}; wait for it or abort it`, {
    operationId: owner,
  });
}

function entryOf(
  { project, proxy, by }: { project: string; proxy: string; by: string },
  action: string,
  detail: Record<string, unknown>,
) {
  return { project, principal: by, action, subject: proxy, operationId: null, detail };
}
