import type { Member } from '../../contracts/access.ts';
import { everyProject, type Role } from '../../domain/access/roles.ts';
import { OpsError } from '../../domain/errors.ts';
import { audit } from '../audit.ts';
import type { Db } from '../connect.ts';
import { forgetKeys } from './api-key.ts';

/** Replaces what a principal may be in a project, made known if it is new; no roles take everything away. */
export async function setMember(
  db: Db,
  member: {
    project: string;
    principal: string;
    kind: 'person' | 'service';
    roles: readonly Role[];
    by: string;
  },
): Promise<void> {
  const { project, principal, roles, by } = member;
  await db.transaction().execute(async (tx) => {
    await tx
      .insertInto('principal')
      .values({ id: principal, kind: member.kind })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const before = await tx
      .deleteFrom('membership')
      .where('project', '=', project)
      .where('principal', '=', principal)
      .returning('role')
      .execute();
    await refuseLastAdmin(tx, project, before, roles);
    for (const role of roles) {
      await tx.insertInto('membership').values({ project, principal, role, granted_by: by }).execute();
    }
    const detail = { before: before.map((row) => row.role).sort(), after: [...roles].sort() };
    await audit(tx, {
      project,
      principal: by,
      action: 'member.set',
      subject: principal,
      isAboutPerson: true,
      operationId: null,
      detail,
    });
    await forgetKeys(tx);
  });
}

/** An installation without an admin could never be changed again. */
async function refuseLastAdmin(
  tx: Db,
  project: string,
  before: readonly { role: Role }[],
  after: readonly Role[],
): Promise<void> {
  const loses = before.some(({ role }) => role === 'admin') && !after.includes('admin');
  if (project !== everyProject || !loses) return;
  const other = await tx
    .selectFrom('membership')
    .select('principal')
    .where('project', '=', everyProject)
    .where('role', '=', 'admin')
    .forUpdate()
    .executeTakeFirst();
  if (other === undefined)
    throw new OpsError('conflict', 'this is the last admin of the installation; make another one first');
}

/** Everyone who is something in the project, by name. */
export async function listMembers(db: Db, project: string): Promise<Member[]> {
  const rows = await db
    .selectFrom('membership as m')
    .innerJoin('principal as p', 'p.id', 'm.principal')
    .select(['m.principal', 'p.kind', 'm.project', 'm.role'])
    .where('m.project', 'in', [project, everyProject])
    .orderBy('m.principal')
    .orderBy('m.project')
    .orderBy('m.role')
    .execute();
  const members = new Map<string, Member>();
  for (const row of rows) {
    const key = `${row.principal} ${row.project}`;
    const member = members.get(key);
    if (member) member.roles.push(row.role);
    else {
      members.set(key, {
        principal: row.principal,
        kind: row.kind,
        roles: [row.role],
        everywhere: row.project === everyProject,
      });
    }
  }
  return [...members.values()];
}

/** What a principal may be, by project. */
export async function rolesOf(db: Db, principal: string): Promise<Record<string, Role[]>> {
  const rows = await db
    .selectFrom('membership')
    .select(['project', 'role'])
    .where('principal', '=', principal)
    .execute();
  const byProject: Record<string, Role[]> = {};
  for (const { project, role } of rows) (byProject[project] ??= []).push(role);
  return byProject;
}
