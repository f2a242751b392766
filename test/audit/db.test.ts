import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { audit, type AuditEntry } from '../../db/audit.ts';
import { actAs } from '../../db/audit/acting.ts';
import { eraseTexts } from '../../db/audit/erase.ts';
import { projectsToSeal, sealEntries } from '../../db/audit/seal.ts';
import { connectUnwalled, type Db } from '../../db/connect.ts';
import { nothingOnTrial, acquireTarget, setSplit } from '../../db/traffic-target.ts';
import { parseCanonicalJson } from '../../domain/canonical-json.ts';
import { auditOf } from '../support/audit.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { verifyProject } from './support.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = connectUnwalled(database.url, { max: 20 });
});
afterAll(async () => {
  await db.destroy();
  await database.close();
});

let projects = 0;
function newProject(): string {
  projects += 1;
  return `p${projects}`;
}

function entry(project: string, overrides: Partial<AuditEntry> = {}): AuditEntry {
  return {
    project,
    principal: 'ada',
    action: 'service.replace',
    subject: 'shop',
    operationId: null,
    detail: { instances: 1 },
    ...overrides,
  };
}

test('an entry is there with its transaction, and gone with it', async () => {
  const project = newProject();

  await db
    .transaction()
    .execute(async (tx) => {
      await audit(tx, entry(project));
      throw new Error('the caller fails');
    })
    .catch(() => undefined);
  const { entries } = await verifyProject(db, project);
  await audit(db, entry(project));
  await sealEntries(db, project);

  expect(entries).toBe(0);
  expect(await verifyProject(db, project)).toMatchObject({ fault: null, entries: 1 });
});

test('what is stored is canonical, says when, and keeps texts and names of people apart', async () => {
  const project = newProject();

  await audit(db, entry(project, { personal: { reason: 'half a pair \ud800', note: null } }));

  const { rows } = await sql<{ bytes: Buffer; data: Buffer }>`select bytes, data from audit_entry
    join audit_personal on entry = id where audit_entry.project = ${project}`.execute(db);
  const text = rows[0]?.bytes.toString() ?? '';
  expect(text).not.toContain('half a pair');
  expect(parseCanonicalJson(text)).toMatchObject({
    project,
    principal: '(a person)',
    at: expect.stringMatching(/Z$/),
  });
  expect(rows[0]?.data.toString()).toBe('{"principal":"ada","reason":"half a pair \ufffd"}');
});

test('an entry made in an activity names its run, itself and the attempt', async () => {
  const actor = { workflow: 'w', run: 'r', activity: '7', attempt: 2 };

  await actAs(actor, () => audit(db, entry(newProject(), { subject: 'acted' })));

  expect(await auditOf(db, { subject: 'acted' })).toMatchObject([{ by: actor }]);
});

test.each(['audit_entry', 'audit_seal', 'audit_checkpoint'])(
  'changing, deleting and emptying %s is refused',
  async (table) => {
    const name = sql.table(table);

    await expect(sql`update ${name} set project = 'other'`.execute(db)).rejects.toThrow('only grows');
    await expect(sql`delete from ${name}`.execute(db)).rejects.toThrow('only grows');
    await expect(sql`truncate ${name} cascade`.execute(db)).rejects.toThrow('only grows');
  },
);

test('eight sealers and writers at once make one chain without a gap', async () => {
  const project = newProject();
  let writing = true;
  const seal = async (): Promise<void> => {
    while (writing || (await sealEntries(db, project)) > 0) await sealEntries(db, project);
  };
  const sealing = Array.from({ length: 8 }, seal);

  await Promise.all(
    Array.from({ length: 8 }, async (_, writer) => {
      for (let n = 0; n < 50; n += 1) await audit(db, entry(project, { subject: `${writer}-${n}` }));
    }),
  );
  writing = false;
  await Promise.all(sealing);

  expect(await verifyProject(db, project)).toMatchObject({ fault: null, entries: 400, waiting: 0 });
});

test('what commits late is sealed late, and nothing waits for it', async () => {
  const project = newProject();
  const written = Promise.withResolvers<void>();
  const committed = Promise.withResolvers<void>();
  const late = db.transaction().execute(async (tx) => {
    await audit(tx, entry(project, { subject: 'late' }));
    written.resolve();
    await committed.promise;
  });
  await written.promise;
  await audit(db, entry(project, { subject: 'early' }));

  const first = await sealEntries(db, project);
  committed.resolve();
  await late;
  const second = await sealEntries(db, project);

  expect([first, second]).toEqual([1, 1]);
  const said = await auditOf(db, {});
  const subjects = said.filter((body) => body.project === project).map(({ subject }) => subject);
  expect(subjects).toEqual(['early', 'late']);
  expect(await projectsToSeal(db)).not.toContain(project);
});

test('an entry that waits twice, or was sealed before, is sealed once', async () => {
  const project = newProject();
  await audit(db, entry(project), entry(project));
  const again = sql`insert into audit_pending (project, entry) select project, id from audit_entry
    where project = ${project}`;
  await again.execute(db);

  await sealEntries(db, project);
  await again.execute(db);
  await sealEntries(db, project);

  expect(await verifyProject(db, project)).toMatchObject({ fault: null, entries: 2, waiting: 0 });
  expect(await projectsToSeal(db)).not.toContain(project);
});

test('a chain stays whole when texts are erased', async () => {
  const project = newProject();
  await audit(db, entry(project, { personal: { reason: 'a secret of ada' } }));
  await audit(db, entry(project, { principal: 'bob', personal: { reason: 'a secret of bob' } }));
  await sealEntries(db, project);
  const nothing = { entry: null, operation: null, principal: null };

  const erased = await eraseTexts(db, { project, ...nothing, principal: 'ada', reason: 'asked', by: 'eve' });
  await sealEntries(db, project);

  expect(erased).toBe(1);
  expect(await verifyProject(db, project)).toMatchObject({ fault: null, entries: 3 });
  const { rows } = await sql<{ text: string }>`select convert_from(data, 'UTF8') as text from audit_personal
    where project = ${project}`.execute(db);
  expect(rows.map(({ text }) => text).join()).not.toContain('secret of ada');
  expect(rows.map(({ text }) => text).join()).toContain('secret of bob');
});

test('a change of the traffic that is repeated is one entry', async () => {
  const key = { project: 'default', service: 'till', proxy: 'local', backend: 'till' };
  const servers = [{ name: 'v1-0', version: 'v1', address: '127.0.0.1:1', weight: 100, healthPath: '/' }];
  const acquired = await acquireTarget(db, key, 'op');
  const token = acquired.ok ? acquired.row.token : 0;
  const change = { key, owner: 'op', token, changeId: 'op/1', split: { ...nothingOnTrial, servers } };

  await setSplit(db, change);
  await setSplit(db, change);

  const said = await auditOf(db, { subject: 'till' });
  expect(said.map(({ action }) => action)).toEqual(['traffic.acquire', 'traffic.set']);
  expect(said[1]).toMatchObject({ operation: 'op', detail: { change: 'op/1', weights: { 'v1-0': 100 } } });
});
