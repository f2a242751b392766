import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiUnderTest, serviceInput, type ApiUnderTest } from '../../api/support.ts';
import { keyOfPerson } from '../../support/access.ts';
import { askAtGate } from '../../support/approval.ts';
import { auditOf } from '../../support/audit.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
  bob = { authorization: `Bearer ${await keyOfPerson(api.db, 'bob', 'approver')}` };
});
afterAll(() => api.close());

let names = 0;
/** Of `bob`: `ada`, who starts everything here, may not approve what she started. */
let bob: Record<string, string>;
/** A rollout whose workflow exists, on a queue without a worker. */
async function running(state: Record<string, unknown> = {}): Promise<{ id: string; service: string }> {
  names += 1;
  const service = `msg-${process.pid}-${names}`;
  await api.call('PUT', `services/${service}`, serviceInput(service));
  const { body } = await api.call('POST', 'canary-rollouts', { service, version: 'v1' });
  await sql`update canary_rollout set state = state || ${JSON.stringify(state)}::jsonb where operation_id = ${body.id}`.execute(
    api.db,
  );
  await sql`update operation set status = 'running' where id = ${body.id}`.execute(api.db);
  if (state['gate'] !== undefined) {
    await askAtGate(api.db, body.id, gate.subject);
  }
  return { id: body.id, service };
}

const gate = { subject: 'digest-1', deadline: '2026-01-01T00:00:00.000Z', onTimeout: 'abort' };
const command = { kind: 'pause', revision: 0, step: -1 };

// These four wait out the time the API gives a worker, so they wait together.
test.concurrent(
  'a command that no worker answers is 202, durable and audited, and can be looked at',
  async () => {
    const { id } = await running();

    const answer = await api.call('POST', `canary-rollouts/${id}/commands`, command);

    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      operationId: id,
      kind: 'pause',
      state: 'pending',
      requestedBy: 'ada',
    });
    const location = String(answer.headers.location);
    expect((await api.call('GET', location)).body).toEqual(answer.body);
    const audit = await auditOf(api.db, { operation: id });
    expect(audit.at(-1)).toMatchObject({ principal: 'ada', action: 'canary-rollout.pause' });
  },
  15_000,
);

test.concurrent(
  'the same command again is the same row, answered as it was settled meanwhile',
  async () => {
    const { id } = await running();
    const headers = { 'idempotency-key': `again-${id}` };
    const first = api.call('POST', `canary-rollouts/${id}/commands`, command, headers);
    await expect.poll(() => commandsOf(id)).toHaveLength(1);
    await sql`update command set state = 'accepted', answer = 'paused' where operation_id = ${id}`.execute(
      api.db,
    );

    const [one, two] = await Promise.all([
      first,
      api.call('POST', `canary-rollouts/${id}/commands`, command, headers),
    ]);

    expect([one.status, two.status]).toEqual([200, 200]);
    expect(two.body).toEqual(one.body);
    expect(await commandsOf(id)).toHaveLength(1);
  },
  15_000,
);

test.concurrent.each([
  ['on an older state as stale', { revision: 7 }, 'stale'],
  ['on the present state as a conflict', { revision: 0 }, 'conflict'],
])(
  'a refusal %s carries the answer',
  async (_name, change, code) => {
    const { id } = await running();
    const asked = api.call('POST', `canary-rollouts/${id}/commands`, { ...command, ...change });
    await expect.poll(() => commandsOf(id)).toHaveLength(1);
    await sql`update command set state = 'refused', answer = 'it has moved on' where operation_id = ${id}`.execute(
      api.db,
    );

    const { body } = await asked;

    expect(body).toMatchObject({
      status: 409,
      code,
      detail: expect.stringContaining('it has moved on'),
      operationId: id,
    });
  },
  15_000,
);

test.each([
  ['a mute without metric, reason and end', { kind: 'mute' }, ['/reason', '/metric', '/expiresIn']],
  ['an abort without a reason', { kind: 'abort' }, ['/reason']],
  ['a kind that nobody knows', { kind: 'explode' }, ['/kind']],
  ['no revision', { revision: undefined }, ['/revision']],
])('%s is refused before anything is written', async (_name, change, pointers) => {
  const { id } = await running();

  const { body } = await api.call('POST', `canary-rollouts/${id}/commands`, { ...command, ...change });

  expect(body).toMatchObject({ status: 400 });
  const told = body.errors.map((error: { pointer: string }) => error.pointer);
  expect(told).toEqual(expect.arrayContaining(pointers));
  expect(await commandsOf(id)).toEqual([]);
});

test('a closed or unknown rollout takes no command and no decision', async () => {
  const { id } = await running({ gate, outcome: 'aborted' });
  await sql`update operation set status = 'closed' where id = ${id}`.execute(api.db);
  const unknown = '01JZZZZZZZZZZZZZZZZZZZZZZZ';

  const closed = await api.call('POST', `canary-rollouts/${id}/commands`, command);
  const missing = await api.call('POST', `canary-rollouts/${unknown}/commands`, command);
  const decided = await api.call(
    'POST',
    `canary-rollouts/${id}/decisions`,
    {
      decision: 'approve',
      subject: gate.subject,
    },
    bob,
  );

  expect(closed.body).toMatchObject({ status: 409, detail: expect.stringContaining('aborted') });
  expect(missing.body).toMatchObject({ status: 404 });
  expect(decided.body).toMatchObject({ status: 409 });
});

test('a decision at the gate is a row with its audit, and the workflow is told', async () => {
  const { id, service } = await running({ phase: 'waiting-for-approval', gate });

  const answer = await api.call(
    'POST',
    `canary-rollouts/${id}/decisions`,
    {
      decision: 'approve',
      subject: gate.subject,
      reason: 'looks good',
    },
    bob,
  );

  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({
    subject: 'digest-1',
    decision: 'approve',
    by: 'bob',
    consumedAt: null,
  });
  const history = await api.client.workflow.getHandle(`canary-rollout/default/${service}`).fetchHistory();
  const signals = (history.events ?? []).flatMap(
    (event) => event.workflowExecutionSignaledEventAttributes?.signalName ?? [],
  );
  expect(signals).toEqual(['approval']);
});

test('of a hundred decisions at once one counts, the others are told who was first', async () => {
  const { id } = await running({ phase: 'waiting-for-approval', gate });

  const answers = await Promise.all(
    Array.from({ length: 100 }, (_unused, index) =>
      api.call(
        'POST',
        `canary-rollouts/${id}/decisions`,
        {
          decision: index % 2 === 0 ? 'approve' : 'reject',
          subject: gate.subject,
        },
        bob,
      ),
    ),
  );

  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
  const refused = answers.filter((answer) => answer.status === 409);
  expect(refused).toHaveLength(99);
  expect(refused[0]?.body.detail).toContain('answered once');
});

test('who started the rollout may not approve it, but may reject it', async () => {
  const { id } = await running({ phase: 'waiting-for-approval', gate });
  const path = `canary-rollouts/${id}/decisions`;

  const own = await api.call('POST', path, { decision: 'approve', subject: gate.subject });
  const no = await api.call('POST', path, { decision: 'reject', subject: gate.subject });
  const late = await api.call('POST', path, { decision: 'approve', subject: gate.subject }, bob);

  expect(own.body).toMatchObject({ status: 403, code: 'forbidden' });
  expect(own.body.detail).toContain('somebody else has to approve');
  expect(no.status).toBe(200);
  expect(late.body).toMatchObject({ status: 409, detail: expect.stringContaining('final') });
});

test('a decision about something else than the gate shows is stale', async () => {
  const { id } = await running({ phase: 'waiting-for-approval', gate });

  const { body } = await api.call(
    'POST',
    `canary-rollouts/${id}/decisions`,
    {
      decision: 'approve',
      subject: 'digest-0',
    },
    bob,
  );

  expect(body).toMatchObject({ status: 409, code: 'stale', errors: [{ pointer: '/subject' }] });
});

async function commandsOf(id: string): Promise<unknown[]> {
  const { rows } = await sql`select id from command where operation_id = ${id}`.execute(api.db);
  return rows;
}
