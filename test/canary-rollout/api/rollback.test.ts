import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiUnderTest, serviceInput, type ApiUnderTest } from '../../api/support.ts';
import { auditOf } from '../../support/audit.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
});
afterAll(() => api.close());

let names = 0;
async function registered(
  releases: { stable?: string; previous?: string; warm?: string } = {},
): Promise<string> {
  names += 1;
  const name = `back-${process.pid}-${names}`;
  await api.call('PUT', `services/${name}`, serviceInput(name));
  await sql`update service set stable_version = ${releases.stable ?? null}, previous_version = ${releases.previous ?? null},
    warm_until = now() + ${releases.warm ?? '0 s'}::interval where name = ${name}`.execute(api.db);
  return name;
}

test('a rollback while the previous release is warm starts at once, stop or not', async () => {
  const service = await registered({ stable: 'v2', previous: 'v1', warm: '1 hour' });
  await api.call('POST', 'emergency-stop', { service, reason: 'fire' });

  const { status, body } = await api.call('POST', `services/${service}/rollback`, { reason: 'v2 is slow' });

  expect(body).toMatchObject({ kind: 'rollback', version: 'v2', stableVersion: 'v1', status: 'starting' });
  expect(status).toBe(202);
  const description = await api.client.workflow.getHandle(`canary-rollout/default/${service}`).describe();
  expect(description).toMatchObject({ type: 'canaryRollback', priority: { priorityKey: 1 } });
  expect(await auditOf(api.db, { operation: body.id })).toMatchObject([
    { detail: { from: 'v2', to: 'v1' }, texts: { reason: 'v2 is slow' } },
  ]);
});

test('the same request again is the same rollback', async () => {
  const service = await registered({ stable: 'v2', previous: 'v1', warm: '1 hour' });
  const headers = { 'idempotency-key': `back-${service}` };

  const answers = await Promise.all(
    Array.from({ length: 20 }, () =>
      api.call('POST', `services/${service}/rollback`, { reason: 'slow' }, headers),
    ),
  );

  expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
});

test.each([
  ['nothing to go back to', { stable: 'v1' }, 'no previous release'],
  ['a release that is cold', { stable: 'v2', previous: 'v1', warm: '-1 s' }, 'canary start'],
])('%s is refused with what to do instead', async (_name, releases, told) => {
  const service = await registered(releases);

  const { body } = await api.call('POST', `services/${service}/rollback`, { reason: 'x' });

  expect(body).toMatchObject({ status: 409, code: 'not-warm', detail: expect.stringContaining(told) });
});

test('a running rollout is named', async () => {
  const service = await registered({ stable: 'v2', previous: 'v1', warm: '1 hour' });
  const { body: rollout } = await api.call('POST', 'canary-rollouts', { service, version: 'v3' });

  const { body } = await api.call('POST', `services/${service}/rollback`, { reason: 'x' });

  expect(body).toMatchObject({ status: 409, code: 'conflict', operationId: rollout.id });
});

test('a superseding start aborts the running rollout durably and starts when it has closed', async () => {
  const service = await registered();
  const { body: old } = await api.call('POST', 'canary-rollouts', { service, version: 'v1' });

  const superseding = api.call('POST', 'canary-rollouts', { service, version: 'v2', supersede: true });
  const abort = await expectCommand(old.id);
  await sql`update command set state = 'accepted' where operation_id = ${old.id}`.execute(api.db);
  await api.client.workflow.getHandle(`canary-rollout/default/${service}`).terminate();
  await sql`update operation set status = 'closed', outcome = 'superseded' where id = ${old.id}`.execute(
    api.db,
  );
  const { status, body } = await superseding;

  expect(abort).toMatchObject({ kind: 'abort', body: { cause: 'superseded', revision: 0, step: -1 } });
  expect(body).toMatchObject({ version: 'v2', status: 'starting' });
  expect(status).toBe(202);
  const description = await api.client.workflow.getHandle(`canary-rollout/default/${service}`).describe();
  expect(description.memo).toEqual({ operationId: body.id });
}, 20_000);

test('without supersede the running rollout is named with what to do', async () => {
  const service = await registered();
  const { body: old } = await api.call('POST', 'canary-rollouts', { service, version: 'v1' });

  const { body } = await api.call('POST', 'canary-rollouts', { service, version: 'v2' });

  expect(body).toMatchObject({
    status: 409,
    operationId: old.id,
    detail: expect.stringContaining('--supersede'),
  });
});

async function expectCommand(operationId: string): Promise<unknown> {
  let found: unknown;
  await expect
    .poll(async () => {
      const { rows } = await sql`select kind, body from command where operation_id = ${operationId}`.execute(
        api.db,
      );
      found = rows[0];
      return rows.length;
    })
    .toBe(1);
  return found;
}
