import type { ApproverGroup } from '../../contracts/approval.ts';
import { OpsError } from '../../domain/errors.ts';
import { audit } from '../audit.ts';
import type { Db } from '../connect.ts';

/** The groups of a project that somebody is in: as a member, or because the identity provider says so. */
export async function groupsOf(
  db: Db,
  project: string,
  principal: string,
  claims: readonly string[],
): Promise<string[]> {
  const rows = await db
    .selectFrom('approval_group as g')
    .select('g.name')
    .where('g.project', '=', project)
    .where((eb) =>
      eb.or([
        eb.exists(
          eb
            .selectFrom('approval_group_member as m')
            .select('m.principal')
            .whereRef('m.project', '=', 'g.project')
            .whereRef('m.group_name', '=', 'g.name')
            .where('m.principal', '=', principal),
        ),
        ...(claims.length === 0 ? [] : [eb('g.claim', 'in', [...claims])]),
      ]),
    )
    .orderBy('g.name')
    .execute();
  return rows.map(({ name }) => name);
}

/** Replaces a group of approvers, made if it is new. */
export async function setGroup(
  db: Db,
  group: { project: string; name: string; members: readonly string[]; claim: string | null; by: string },
): Promise<void> {
  const { project, name, members, claim, by } = group;
  await db.transaction().execute(async (tx) => {
    const before = await membersOf(tx, project, name);
    await tx
      .insertInto('approval_group')
      .values({ project, name, claim })
      .onConflict((conflict) => conflict.columns(['project', 'name']).doUpdateSet({ claim }))
      .execute();
    await tx
      .deleteFrom('approval_group_member')
      .where('project', '=', project)
      .where('group_name', '=', name)
      .execute();
    for (const principal of members) {
      await tx
        .insertInto('approval_group_member')
        .values({ project, group_name: name, principal, added_by: by })
        .execute();
    }
    const detail = { members: members.length, claim };
    await audit(tx, {
      personal: { ...numbered('before', before), ...numbered('after', [...members].sort()) },
      project,
      principal: by,
      action: 'group.set',
      subject: name,
      operationId: null,
      detail,
    });
  });
}

/** Each name is a text of its own, so that it is found when it is to be erased. */
function numbered(when: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [`${when} ${index + 1}`, name]));
}

async function membersOf(db: Db, project: string, name: string): Promise<string[]> {
  const rows = await db
    .selectFrom('approval_group_member')
    .select('principal')
    .where('project', '=', project)
    .where('group_name', '=', name)
    .orderBy('principal')
    .execute();
  return rows.map(({ principal }) => principal);
}

/** Throws `not-found` when there is none of this name. */
export async function removeGroup(
  db: Db,
  { project, name, by }: { project: string; name: string; by: string },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const before = await membersOf(tx, project, name);
    const removed = await tx
      .deleteFrom('approval_group')
      .where('project', '=', project)
      .where('name', '=', name)
      .returning('name')
      .executeTakeFirst();
    if (removed === undefined) throw new OpsError('not-found', `there is no group ${name}`);
    await audit(tx, {
      ...{ project, principal: by, subject: name, operationId: null },
      ...{ action: 'group.remove', detail: { members: before.length }, personal: numbered('before', before) },
    });
  });
}

export async function listGroups(db: Db, project: string): Promise<ApproverGroup[]> {
  const groups = await db
    .selectFrom('approval_group')
    .select(['name', 'claim'])
    .where('project', '=', project)
    .orderBy('name')
    .execute();
  return Promise.all(
    groups.map(async ({ name, claim }) => ({ name, claim, members: await membersOf(db, project, name) })),
  );
}
