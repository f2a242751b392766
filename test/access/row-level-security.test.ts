import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, connectUnwalled, type Db } from '../../db/connect.ts';
import { insertProject, listProjects } from '../../db/project.ts';
import { inEveryProject, inProject } from '../../db/scope.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';

/** Equipment and people of the installation, and the ledger of migrations: no project has rows in them. */
const ofNoProject = ['fleet_hearing', 'kysely_migration', 'kysely_migration_lock', 'principal', 'proxy'];

let database: TestDatabase;
let owner: Db;
let db: Db;

beforeAll(async () => {
  database = await testDatabase();
  owner = connectUnwalled(database.url);
  db = connect(database.url, { max: 1 });
  for (const name of ['north', 'south']) await insertProject(owner, { name, by: 'ann' });
});

afterAll(async () => {
  await db.destroy();
  await owner.destroy();
  await database.close();
});

test('every table of projects has the wall, for its owner as well', async () => {
  const { rows } = await sql<{ name: string; isWalled: boolean }>`
    select c.relname as name, c.relrowsecurity and c.relforcerowsecurity
      and exists (select from pg_policy p where p.polrelid = c.oid) as "isWalled"
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')`.execute(owner);

  expect(
    rows
      .filter(({ isWalled }) => !isWalled)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(ofNoProject);
});

test('the application works as a role that owns nothing and bypasses nothing', async () => {
  const { rows } = await inProject('north', () =>
    sql<Record<string, unknown>>`
      select current_user as name, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
        (select count(*)::integer from pg_class where relowner = r.oid) as owned
      from pg_roles r where rolname = current_user`.execute(db),
  );

  expect(rows).toEqual([
    {
      name: 'holdfast_app',
      ...{ rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false },
      owned: 0,
    },
  ]);
});

test('the audit cannot be changed by the application, whatever the triggers say', async () => {
  for (const table of ['audit_entry', 'audit_seal', 'audit_checkpoint']) {
    for (const change of [
      `delete from ${table}`,
      `update ${table} set project = project`,
      `truncate ${table}`,
    ]) {
      await expect(inEveryProject(() => sql.raw(change).execute(db))).rejects.toThrow('permission denied');
    }
  }
});

test('without a project nothing is seen, and it is an error', async () => {
  await expect(listProjects(db, null)).rejects.toThrow('no project is in scope');
  await expect(inProject('', () => listProjects(db, null))).rejects.toThrow('no project is in scope');
});

test('the name of all projects is no project', () => {
  expect(() => inProject('*', () => 1)).toThrow('every project is no project');
});

test('one connection that changes hands sees what its present user may see', async () => {
  const names = async () => (await listProjects(db, null)).map(({ name }) => name);
  const asked: Promise<string[]>[] = [];
  for (let round = 0; round < 50; round += 1) {
    asked.push(inProject(round % 2 ? 'north' : 'south', names), inEveryProject(names));
  }

  const answers = await Promise.all(asked);

  expect(answers.filter((_, index) => index % 4 === 0)).toEqual(Array(25).fill(['south']));
  expect(answers.filter((_, index) => index % 4 === 2)).toEqual(Array(25).fill(['north']));
  expect(answers.filter((_, index) => index % 2)).toEqual(Array(50).fill(['default', 'north', 'south']));
});

test('a transaction that is rolled back leaves its connection in the right scope', async () => {
  await inProject('north', () =>
    db.transaction().execute(async (tx) => {
      await listProjects(tx, null);
      throw new Error('on purpose');
    }),
  ).catch(() => undefined);

  expect(await inProject('south', () => listProjects(db, null))).toMatchObject([{ name: 'south' }]);
  expect(await inProject('north', () => listProjects(db, null))).toMatchObject([{ name: 'north' }]);
});

test('rows of another project can be neither made, changed nor removed', async () => {
  await inProject('south', async () => {
    await expect(insertProject(db, { name: 'west', by: 'sue' })).rejects.toThrow('row-level security');
    const stop = { service: 'web', reason: 'no', stopped_by: 'sue' };
    await expect(
      db
        .insertInto('emergency_stop')
        .values({ project: 'north', ...stop })
        .execute(),
    ).rejects.toThrow('row-level security');
    const gone = await db.deleteFrom('project').where('id', '=', 'north').executeTakeFirst();
    expect(gone.numDeletedRows).toBe(0n);
  });
});
