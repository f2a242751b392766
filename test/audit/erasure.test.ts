import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordOf } from '../../db/audit/record.ts';
import { sealEntries } from '../../db/audit/seal.ts';
import { entryBytes, type AuditBody } from '../../domain/audit/entry.ts';
import { apiUnderTest, serviceInput, type ApiUnderTest } from '../api/support.ts';
import { keyOfPerson } from '../support/access.ts';
import { verifyProject } from './support.ts';

const name = 'rosalind.franklin@example.org';
let api: ApiUnderTest;
let key: string;
beforeAll(async () => {
  api = await apiUnderTest();
  key = await keyOfPerson(api.db, name, 'operator');
});
afterAll(() => api.close());

/** All that the audit holds of the project, as somebody with the database reads it. */
async function everything(): Promise<string> {
  const { rows } = await sql<{ text: string }>`
    select convert_from(bytes, 'UTF8') as text from audit_entry where project = 'default'
    union all select convert_from(data, 'UTF8') from audit_personal where project = 'default'`.execute(
    api.db,
  );
  return rows.map(({ text }) => text).join('\n');
}

async function listed(): Promise<{ action: string; principal: string; subject: string }[]> {
  return (await api.call('GET', 'audit/entries?limit=100')).body.items as never;
}

const acts = async (): Promise<void> => {
  const as = { authorization: `Bearer ${key}` };
  const reason = 'it is on fire';
  await api.call('PUT', 'services/shop', serviceInput('shop'), as);
  await api.call('POST', 'emergency-stop', { all: true, reason }, as);
  await api.call('PUT', `members/${encodeURIComponent(name)}`, { roles: ['viewer'] });
  await api.call('POST', 'api-keys', { principal: name, name: "Rosalind's laptop" });
  await api.call('PUT', 'groups/crystals', { members: [name, 'ada'] });
  await api.call('PUT', 'services/till', serviceInput('till'));
};

test('names of people stand beside the chain, and the audit shows them all the same', async () => {
  await acts();
  await sealEntries(api.db, 'default');
  const shown = await listed();
  const of = (action: string) => shown.find((entry) => entry.action.startsWith(action));
  expect(of('emergency-stop')).toMatchObject({ principal: name, texts: { reason: 'it is on fire' } });
  expect(of('member.set')).toMatchObject({ principal: 'ada', subject: name, texts: null });
  expect(of('api-key.create')).toMatchObject({
    principal: 'ada',
    subject: name,
    texts: { name: "Rosalind's laptop" },
  });
  const { rows } = await sql<{
    text: string;
  }>`select convert_from(bytes, 'UTF8') as text from audit_entry`.execute(api.db);
  for (const { text } of rows) expect(text).not.toMatch(/osalind|"ada"/);
});

test('who changes a name beside the chain is found out', async () => {
  const forged = sql`update audit_personal set data = convert_to(replace(convert_from(data, 'UTF8'), 'ada', 'eve'), 'UTF8')
    where entry = (select entry from audit_personal where convert_from(data, 'UTF8') like '%"ada"%' limit 1)`;
  const undone = sql`update audit_personal set data = convert_to(replace(convert_from(data, 'UTF8'), 'eve', 'ada'), 'UTF8')`;
  await forged.execute(api.db);
  expect((await verifyProject(api.db, 'default')).fault).toMatchObject({ kind: 'personal' });
  await undone.execute(api.db);
  expect((await verifyProject(api.db, 'default')).fault).toBeNull();
});

test('a person is erased from all of it, others are not, and every entry still verifies', async () => {
  const before = await verifyProject(api.db, 'default');
  const { status, body } = await api.call('POST', 'audit/erasures', { principal: name, reason: 'asked to' });
  await sealEntries(api.db, 'default');

  expect(status).toBe(200);
  expect(body.erased).toBeGreaterThanOrEqual(5);
  expect(await everything()).not.toMatch(/osalind/);
  expect(await verifyProject(api.db, 'default')).toMatchObject({ fault: null, entries: before.entries + 1 });
  const shown = await listed();
  expect(shown.find(({ action }) => action.startsWith('emergency-stop'))).toMatchObject({
    principal: '(erased)',
  });
  expect(shown.find(({ subject }) => subject === 'till')).toMatchObject({ principal: 'ada' });
  expect(shown[0]).toMatchObject({ action: 'audit.erase', principal: 'ada', subject: '(erased)' });
});

test('an entry of the first version verifies as before, and keeps its name', async () => {
  const record = recordOf({
    ...{ project: 'default', principal: name, action: 'service.replace', subject: 'shop' },
    ...{ operationId: null, detail: {} },
  });
  const { personal: _apart, ...body } = JSON.parse(Buffer.from(record.bytes).toString()) as AuditBody;
  const bytes = Buffer.from(entryBytes({ ...body, v: 1, principal: name }));
  await api.db
    .insertInto('audit_entry')
    .values({ id: body.id, project: 'default', operation_id: null, bytes })
    .execute();
  await sql`insert into audit_pending (project, entry) values ('default', ${body.id})`.execute(api.db);
  await sealEntries(api.db, 'default');
  await api.call('POST', 'audit/erasures', { principal: name, reason: 'asked to' });
  expect((await verifyProject(api.db, 'default')).fault).toBeNull();
  expect((await listed()).find(({ subject }) => subject === 'shop')).toMatchObject({ principal: name });
});
