import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiUnderTest, serviceInput, type ApiUnderTest } from '../api/support.ts';
import { askAtGate } from '../support/approval.ts';
import { keyOfPerson } from '../support/access.ts';
import { holdfast, type Run } from './support.ts';

let api: ApiUnderTest;
let url: string;
let folder: string;
beforeAll(async () => {
  api = await apiUnderTest();
  url = await api.app.listen({ host: '127.0.0.1', port: 0 });
  folder = await mkdtemp(join(tmpdir(), 'holdfast-cli-'));
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

const run = (...argv: string[]): Promise<Run> => holdfast(url, api.key, argv);

let names = 0;
async function registered(): Promise<string> {
  names += 1;
  const name = `cli-${process.pid}-${names}`;
  await api.call('PUT', `services/${name}`, serviceInput(name));
  return name;
}

async function started(state: Record<string, unknown> = {}): Promise<{ id: string; service: string }> {
  const service = await registered();
  const { body } = await api.call('POST', 'canary-rollouts', { service, version: 'v1' });
  await sql`update canary_rollout set state = state || ${JSON.stringify(state)}::jsonb where operation_id = ${body.id}`.execute(
    api.db,
  );
  return { id: body.id, service };
}

async function end(id: string, outcome: string): Promise<void> {
  await sql`update canary_rollout set state = state || ${JSON.stringify({ outcome, phase: 'done' })}::jsonb where operation_id = ${id}`.execute(
    api.db,
  );
  await sql`update operation set status = 'closed', outcome = ${outcome}, finished_at = now() where id = ${id}`.execute(
    api.db,
  );
  await sql`select pg_notify('operation_event', ${id})`.execute(api.db);
}

test('a service is registered from flags and from YAML, shown, listed and removed', async () => {
  const file = join(folder, 'service.yaml');
  await writeFile(
    file,
    `name: from-yaml
start: { runtime: process, command: [node, server.js, '{port}'] }
traffic: { provider: haproxy, backend: be-yaml }
canary:
  steps:
    - setWeight: 20
    - pause: { duration: 30s }
    - setWeight: 100
    - pause: {}
`,
  );

  const flags = await run(
    'service',
    'register',
    '--name',
    'from-flags',
    '--backend',
    'be-flags',
    '--command',
    "node 'my server.js' {port}",
    '--json',
  );
  const yaml = await run('service', 'register', file, '--json');
  const shown = await run('service', 'show', 'from-yaml');
  const listed = await run('service', 'list', '--json');
  const removed = await run('service', 'remove', 'from-flags');

  expect(flags.json()).toMatchObject({ start: { command: ['node', 'my server.js', '{port}'] } });
  expect(yaml.json()).toMatchObject({
    plan: {
      steps: [
        { weight: 20, soak: '30s' },
        { weight: 100, gate: true },
      ],
    },
  });
  expect(shown.stdout).toContain('be-yaml');
  expect(listed.json().map((service: { name: string }) => service.name)).toEqual(
    expect.arrayContaining(['from-flags', 'from-yaml']),
  );
  expect(removed.code).toBe(0);
  expect((await run('service', 'show', 'from-flags')).code).toBe(4);
});

test('a fault that the API finds in a file is told with file, line and column', async () => {
  const file = join(folder, 'bad.yaml');
  await writeFile(
    file,
    `name: bad-plan\nstart: { runtime: process, command: [x] }\ntraffic: { provider: haproxy, backend: be-bad }\ncanary:\n  steps:\n    - setWeight: 50\n    - pause: { duration: 1m }\n    - setWeight: 10\n    - pause: { duration: 1m }\n`,
  );
  const shape = join(folder, 'shape.yaml');
  await writeFile(
    shape,
    `name: bad-shape\nstart: { runtime: process, command: [x] }\ntraffic: { provider: haproxy, backend: be-bad }\ninstances: many\n`,
  );

  const plan = await run('service', 'register', file);
  const type = await run('service', 'register', shape);

  expect(plan.code).toBe(2);
  expect(plan.stderr).toContain(`${file}:8:7: plan.steps.1.weight`);
  expect(type.stderr).toContain(`${shape}:4:12: instances must be integer`);
});

test('a start tells its id on stdout and how to follow it on stderr', async () => {
  const service = await registered();

  const start = await run('canary', 'start', service, 'v1', '--reason', 'new shop', '--json');
  const again = await run('canary', 'start', service, 'v2');
  const status = await run('canary', 'status', service);

  expect(start.code).toBe(0);
  expect(start.json()).toMatchObject({ service, version: 'v1', startedBy: 'ada' });
  expect(start.stderr).toContain(`holdfast canary watch ${service}`);
  expect(again).toMatchObject({ code: 5, stdout: '' });
  expect(again.stderr).toContain(start.json().id);
  expect(status.stdout).toContain('[10 %]'.replace('[', '').replace(']', ''));
});

test.each([
  ['promoted', 0],
  ['rolled-back', 1],
  ['aborted', 1],
  ['failed', 1],
  ['rejected', 7],
])('waiting for a rollout that ends %s exits with %i', async (outcome, code) => {
  const service = await registered();
  const waiting = run('canary', 'start', service, 'v1', '--wait', '--json');
  await expect.poll(() => idOf(service)).toBeTruthy();
  await end((await idOf(service)) ?? '', outcome);

  const ended = await waiting;
  const watched = await run('runs', 'watch', ended.json().id);
  const watchedCanary = await run('canary', 'watch', service);

  expect(ended.json()).toMatchObject({ status: 'closed', state: { outcome } });
  expect([ended.code, watched.code, watchedCanary.code]).toEqual([code, code, code]);
});

test('a wait that is too long exits with 6, an interrupted one with 130, and both tell how to come back', async () => {
  const { id, service } = await started();

  const late = await run('canary', 'watch', service, '--timeout', '200ms');
  const interrupted = await holdfast(url, api.key, ['canary', 'watch', service], 200);

  expect(late.code).toBe(6);
  expect(interrupted.code).toBe(130);
  for (const { stderr } of [late, interrupted]) expect(stderr).toContain(`holdfast canary watch --id ${id}`);
  expect((await run('canary', 'status', service, '--json')).json()).toMatchObject({ status: 'starting' });
});

test('a command is given on the state that is shown and its answer is printed', async () => {
  const { id, service } = await started({ revision: 4, step: 1 });
  const waiting = run('canary', 'pause', service, '--json');
  const row = await commandOf(id);
  await sql`update command set state = 'accepted', answer = 'stays at 25 %' where operation_id = ${id}`.execute(
    api.db,
  );

  const answered = await waiting;

  expect(row).toMatchObject({ kind: 'pause', body: { revision: 4, step: 1 } });
  expect(answered).toMatchObject({ code: 0 });
  expect(answered.json()).toMatchObject({ state: 'accepted', answer: 'stays at 25 %' });
}, 15_000);

test('each steering command becomes its kind with what was said', async () => {
  const wanted: [string[], Record<string, unknown>][] = [
    [['promote'], { kind: 'promote' }],
    [['promote', '--full'], { kind: 'promote-full' }],
    [['abort', '--reason', 'bad'], { kind: 'abort', body: { reason: 'bad' } }],
    [
      ['hold', '--reason', 'wait', '--for', '5m'],
      { kind: 'hold', body: { reason: 'wait', expiresIn: '5m' } },
    ],
    [['release'], { kind: 'release-hold' }],
    [['resume', '--revision', '3'], { kind: 'resume', body: { revision: 3 } }],
  ];
  await Promise.all(
    wanted.map(async ([[verb = '', ...flags], row]) => {
      const { id, service } = await started();
      const answer = await run('canary', verb, service, ...flags, '--no-wait', '--json');
      expect(await commandOf(id)).toMatchObject(row);
      expect(answer.json()).toMatchObject({ state: 'pending' });
    }),
  );
  const { id, service } = await started();
  await run('canary', 'mute', service, 'p99', '--reason', 'known', '--for', '10m', '--no-wait');
  expect(await commandOf(id)).toMatchObject({ kind: 'mute', body: { metric: 'p99', expiresIn: '10m' } });
}, 20_000);

test('approve and reject answer the gate that is shown', async () => {
  const gate = { subject: 'digest', deadline: '2026-01-01T00:00:00.000Z', onTimeout: 'abort' };
  const { id, service } = await started({ phase: 'waiting-for-approval', gate });
  await askAtGate(api.db, id, gate.subject);
  const closed = await started();
  const bob = await keyOfPerson(api.db, 'bob', 'approver');

  const own = await run('canary', 'approve', service);
  const inbox = await holdfast(url, bob, ['approvals', 'list', '--json']);
  const approved = await holdfast(url, bob, ['approvals', 'approve', id, '--reason', 'fine', '--json']);
  const second = await run('canary', 'reject', service);
  const without = await run('canary', 'approve', closed.service);

  expect(own).toMatchObject({ code: 3, stderr: expect.stringContaining('somebody else') });
  expect(inbox.json()).toMatchObject([{ operationId: id, requestedBy: 'ada', missing: 1, mayApprove: true }]);
  expect(approved.json()).toMatchObject({ decision: 'approve', by: 'bob', reason: 'fine' });
  expect(second).toMatchObject({ code: 5 });
  expect(without).toMatchObject({ code: 5, stderr: expect.stringContaining('does not wait') });
});

test('a stop and its release say what they changed', async () => {
  const service = await registered();

  const stopped = await run('stop', '--service', service, '--reason', 'fire', '--json');
  const start = await run('canary', 'start', service, 'v1');
  const released = await run('release-stop', '--service', service, '--reason', 'out');

  expect(stopped.json()).toMatchObject({ items: [{ service, reason: 'fire' }] });
  expect(start).toMatchObject({ code: 5, stderr: expect.stringContaining('release-stop') });
  expect(released).toMatchObject({ code: 0, stdout: 'no stop holds\n' });
});

test('a rollback that is not possible says what to do instead', async () => {
  const service = await registered();

  const answer = await run('canary', 'rollback', service, '--reason', 'slow');

  expect(answer).toMatchObject({ code: 5, stderr: expect.stringContaining('no previous release') });
});

test('runs are listed and shown with their timeline', async () => {
  const { id } = await started();
  await sql`insert into operation_event (operation_id, seq, type, summary, detail)
    values (${id}, 1, 'rollout.started', 'it begins', '{}')`.execute(api.db);

  const listed = await run('runs', 'list', '--limit', '5', '--json');
  const shown = await run('runs', 'show', id);

  expect(listed.json()[0]).toMatchObject({ id });
  expect(shown.stdout).toContain('it begins');
});

test.each<[string[], number, string]>([
  [['canery'], 2, 'Did you mean canary?'],
  [['canary', 'strat'], 2, 'Did you mean start?'],
  [['canary', 'list', '--servce', 'x'], 2, 'Did you mean --service?'],
  [['canary', 'start', 'only-one'], 2, 'version'],
  [['canary', 'mute', 'x', 'p95'], 2, '--for'],
  [['canary', 'abort', 'x'], 4, 'no service x'],
  [['service', 'register'], 2, 'FILE'],
  [['service', 'register', '/nonexistent/file.yaml'], 2, 'cannot read'],
  [['service', 'show', 'nobody'], 4, 'nobody'],
  [['service', 'list', '--project', 'nope'], 4, 'nope'],
  [['stop', '--reason', 'x'], 2, '--all'],
  [['stop', '--all'], 2, '--reason'],
  [['runs', 'list', '--limit', 'many'], 2, '--limit'],
  [['runs', 'list', '--status', 'odd'], 2, 'status'],
  [['runs', 'show', 'nonsense'], 2, 'id'],
  [['canary', 'rollback', 'nobody', '--reason', 'x'], 4, 'nobody'],
])('holdfast %j exits with %i', async (argv, code, told) => {
  const answer = await run(...argv);

  expect(answer.stderr).toContain(told);
  expect(answer).toMatchObject({ code, stdout: '' });
});

test('an API that does not answer is told with the way out; --json tells faults as JSON on stderr', async () => {
  const dead = await holdfast('http://127.0.0.1:1', api.key, ['service', 'list']);
  const json = await run('service', 'show', 'nobody', '--json');

  expect(dead).toMatchObject({ code: 1, stderr: expect.stringContaining('holdfast up') });
  expect(json.stdout).toBe('');
  expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: 'not-found', status: 404 } });
});

async function idOf(service: string): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`select id from operation where target = ${service}`.execute(
    api.db,
  );
  return rows[0]?.id;
}

async function commandOf(id: string): Promise<unknown> {
  let found: unknown;
  await expect
    .poll(async () => {
      const { rows } = await sql`select kind, body from command where operation_id = ${id}`.execute(api.db);
      found = rows[0];
      return rows.length;
    })
    .toBe(1);
  return found;
}
