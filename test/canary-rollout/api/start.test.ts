import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiUnderTest, serviceInput, type ApiUnderTest } from '../../api/support.ts';
import { auditOf } from '../../support/audit.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
});
afterAll(() => api.close());

let names = 0;
async function registered(overrides: Record<string, unknown> = {}): Promise<string> {
  names += 1;
  const name = `start-${process.pid}-${names}`;
  const { status, body } = await api.call('PUT', `services/${name}`, serviceInput(name, overrides));
  expect(body).toMatchObject({ name });
  expect(status).toBe(201);
  return name;
}

test('a start is 202 with its location, a durable row and a workflow with the frozen input', async () => {
  const service = await registered();

  const { status, headers, body } = await api.call('POST', 'canary-rollouts', {
    service,
    version: 'v1',
    reason: 'first',
  });

  expect(body).toMatchObject({
    service,
    version: 'v1',
    stableVersion: null,
    status: 'starting',
    startedBy: 'ada',
  });
  expect(status).toBe(202);
  expect(body.state).toMatchObject({ phase: 'starting', compared: false, step: -1 });
  expect(body.plan.steps.map((step: { weight: number }) => step.weight)).toEqual([10, 25, 50, 100]);
  expect(headers.location).toBe(`/v1/projects/default/canary-rollouts/${body.id}`);
  const description = await api.client.workflow.getHandle(`canary-rollout/default/${service}`).describe();
  expect(description).toMatchObject({ type: 'canaryRollout', memo: { operationId: body.id } });
  expect(description.priority).toMatchObject({ priorityKey: 3, fairnessKey: 'default' });
  expect(await auditOf(api.db, { operation: body.id })).toMatchObject([
    { action: 'canary-rollout.start', principal: 'ada' },
  ]);
});

test('a hundred starts with one key at once are one run', async () => {
  const service = await registered();
  const headers = { 'idempotency-key': `hundred-${service}` };

  const answers = await Promise.all(
    Array.from({ length: 100 }, () =>
      api.call('POST', 'canary-rollouts', { service, version: 'v1' }, headers),
    ),
  );

  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
  expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
  const list = await api.call('GET', `canary-rollouts?service=${service}`);
  expect(list.body.items).toHaveLength(1);
});

test('a hundred starts with different keys are one run and 99 conflicts that name it', async () => {
  const service = await registered();

  const answers = await Promise.all(
    Array.from({ length: 100 }, () => api.call('POST', 'canary-rollouts', { service, version: 'v1' })),
  );

  const started = answers.filter((answer) => answer.status === 202);
  const refused = answers.filter((answer) => answer.status === 409);
  expect([started.length, refused.length]).toEqual([1, 99]);
  expect(new Set(refused.map((answer) => answer.body.operationId))).toEqual(new Set([started[0]?.body.id]));
});

test('the key answers the same run after it has closed, and refuses another body', async () => {
  const service = await registered();
  const headers = { 'idempotency-key': `closed-${service}` };
  const first = await api.call('POST', 'canary-rollouts', { service, version: 'v1' }, headers);
  await api.client.workflow.getHandle(`canary-rollout/default/${service}`).terminate();
  await api.db
    .updateTable('operation')
    .set({ status: 'closed', outcome: 'aborted' })
    .where('id', '=', first.body.id)
    .execute();

  const again = await api.call('POST', 'canary-rollouts', { version: 'v1', service }, headers);
  const other = await api.call('POST', 'canary-rollouts', { service, version: 'v2' }, headers);

  expect(again.body).toMatchObject({ id: first.body.id, status: 'closed' });
  expect(again.status).toBe(202);
  expect(other.body).toMatchObject({ status: 422, code: 'idempotency-mismatch' });
});

test.each([
  ['an unknown service', { service: 'nobody', version: 'v1' }, 404, 'not-found'],
  ['a plan whose weights fall', { plan: { steps: [{ weight: 50 }, { weight: 10 }] } }, 400, 'invalid-input'],
  ['a weight over 100', { plan: { steps: [{ weight: 101 }] } }, 400, 'invalid-input'],
  ['an empty plan', { plan: { steps: [] } }, 400, 'invalid-input'],
  ['a weight given as text', { plan: { steps: [{ weight: '10' }] } }, 400, 'invalid-input'],
  ['a negative duration', { plan: { steps: [{ weight: 10, soak: '-5s' }] } }, 400, 'invalid-input'],
  ['a member that nobody knows', { versoin: 'v1' }, 400, 'invalid-input'],
  ['a version that is no name', { version: '../etc' }, 400, 'invalid-input'],
])('%s is refused and nothing is written', async (_name, change, status, code) => {
  const service = await registered();

  const answer = await api.call('POST', 'canary-rollouts', { service, version: 'v1', ...change });

  expect(answer.body).toMatchObject({ status, code });
  expect(answer.headers['content-type']).toContain('application/problem+json');
  if (code === 'invalid-input')
    expect(answer.body.errors[0]).toMatchObject({ pointer: expect.stringMatching(/^\//) });
  const list = await api.call('GET', `canary-rollouts?service=${service}`);
  expect(list.body.items).toEqual([]);
});

test('a missing Idempotency-Key is named', async () => {
  const service = await registered();

  const response = await api.app.inject({
    method: 'POST',
    url: '/v1/projects/default/canary-rollouts',
    headers: { authorization: `Bearer ${api.key}` },
    payload: { service, version: 'v1' },
  });

  expect(response.json()).toMatchObject({ status: 400, detail: expect.stringContaining('Idempotency-Key') });
});

test('the stable version is refused with the reason, a stopped service too', async () => {
  const service = await registered();
  await api.db.updateTable('service').set({ stable_version: 'v1' }).where('name', '=', service).execute();

  const same = await api.call('POST', 'canary-rollouts', { service, version: 'v1' });
  await api.call('POST', 'emergency-stop', { service, reason: 'fire' });
  const stopped = await api.call('POST', 'canary-rollouts', { service, version: 'v2' });
  await api.call('POST', 'emergency-stop/release', { service, reason: 'out' });
  const released = await api.call('POST', 'canary-rollouts', { service, version: 'v2' });

  expect(same.body).toMatchObject({
    status: 409,
    code: 'conflict',
    detail: expect.stringContaining('stable'),
  });
  expect(stopped.body).toMatchObject({
    status: 409,
    code: 'stopped',
    detail: expect.stringContaining('fire'),
  });
  expect(released.body).toMatchObject({ stableVersion: 'v1', state: { compared: true } });
});

test('the plan of the service is used, and the one of the request before it', async () => {
  const service = await registered({
    plan: {
      steps: [
        { weight: 5, soak: '1m' },
        { weight: 100, gate: true },
      ],
    },
  });
  const other = await registered({ plan: { steps: [{ weight: 5, soak: '1m' }] } });

  const own = await api.call('POST', 'canary-rollouts', { service, version: 'v1' });
  const given = await api.call('POST', 'canary-rollouts', {
    service: other,
    version: 'v1',
    plan: { steps: [{ weight: 7, soak: '1m' }] },
  });

  expect(own.body.plan.steps).toMatchObject([
    { weight: 5, soakMs: 60_000, gate: null },
    { weight: 100, gate: {} },
  ]);
  expect(given.body.plan.steps).toMatchObject([{ weight: 7 }]);
});
