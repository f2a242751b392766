import type { Selectable } from 'kysely';
import type { NotificationChannel } from '../../contracts/notification.ts';
import { OpsError } from '../../domain/errors.ts';
import { audit } from '../audit.ts';
import type { Db } from '../connect.ts';
import type { Database } from '../schema.ts';

export type ChannelSpec = Omit<NotificationChannel, 'name' | 'createdAt'>;

const mostChannels = 100;

/** By name, in alphabetical order. */
export async function listChannels(
  db: Db,
  project: string,
  page: { after: string | null; limit: number },
): Promise<NotificationChannel[]> {
  let query = db.selectFrom('notification_channel').selectAll().where('project', '=', project);
  if (page.after !== null) query = query.where('name', '>', page.after);
  return (await query.orderBy('name').limit(page.limit).execute()).map(toChannel);
}

export async function requireChannel(db: Db, project: string, name: string): Promise<NotificationChannel> {
  const row = await channel(db, project, name).executeTakeFirst();
  if (row !== undefined) return toChannel(row);
  throw new OpsError('not-found', `there is no notification channel ${name}`);
}

export interface ChannelChange {
  readonly project: string;
  readonly name: string;
  readonly spec: ChannelSpec;
  readonly principal: string;
  /** Sees what would be replaced, null for a new channel, while nobody else can change it; throws to refuse. */
  readonly allow: (old: ChannelSpec | null) => void;
}

/** Creates the channel or replaces it; what waits to be sent goes to the new target. Answers whether it is new. */
export async function putChannel(db: Db, change: ChannelChange): Promise<boolean> {
  const { project, name, spec, principal } = change;
  return db.transaction().execute(async (tx) => {
    // One at a time in a project: the limit and the check of the old content hold also for channels that are not there yet.
    await tx.selectFrom('project').select('id').where('id', '=', project).forUpdate().execute();
    const old = await channel(tx, project, name).executeTakeFirst();
    change.allow(old === undefined ? null : specOf(toChannel(old)));
    if (old === undefined) await refuseTooMany(tx, project);
    const { target, sender, ...rest } = spec;
    const values = { ...spec, events: JSON.stringify(spec.events) };
    await tx
      .insertInto('notification_channel')
      .values({ project, name, ...values })
      .onConflict((conflict) => conflict.columns(['project', 'name']).doUpdateSet(values))
      .execute();
    await audit(tx, {
      project,
      principal,
      action: old === undefined ? 'notification-channel.add' : 'notification-channel.replace',
      subject: name,
      operationId: null,
      detail: { ...rest },
      personal: { target, sender },
    });
    return old === undefined;
  });
}

async function refuseTooMany(tx: Db, project: string): Promise<void> {
  const { count } = await tx
    .selectFrom('notification_channel')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('project', '=', project)
    .executeTakeFirstOrThrow();
  if (Number(count) < mostChannels) return;
  throw new OpsError(
    'conflict',
    `a project has at most ${mostChannels} notification channels; remove one first`,
  );
}

/** Removes the channel; what waits to be sent over it is dropped, the ledger stays. */
export async function removeChannel(db: Db, project: string, name: string, principal: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const { numDeletedRows } = await tx
      .deleteFrom('notification_channel')
      .where('project', '=', project)
      .where('name', '=', name)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw new OpsError('not-found', `there is no notification channel ${name}`);
    const action = 'notification-channel.remove';
    await audit(tx, { project, principal, action, subject: name, operationId: null, detail: {} });
  });
}

/** What people edit: the content without what the installation adds. */
export function specOf({ kind, target, secret, sender, events, service, enabled }: ChannelSpec): ChannelSpec {
  return { kind, target, secret, sender, events, service, enabled };
}

function channel(db: Db, project: string, name: string) {
  return db
    .selectFrom('notification_channel')
    .selectAll()
    .where('project', '=', project)
    .where('name', '=', name);
}

function toChannel(row: Selectable<Database['notification_channel']>): NotificationChannel {
  return { name: row.name, ...specOf(row), createdAt: row.created_at.toISOString() };
}
