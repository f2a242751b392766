import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiUnderTest, serviceInput, type ApiUnderTest } from './support.ts';

let api: ApiUnderTest;
let url: string;
beforeAll(async () => {
  api = await apiUnderTest();
  url = await api.app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => api.close());

let names = 0;
async function operation(events = 0): Promise<string> {
  names += 1;
  const service = `ops-${process.pid}-${names}`;
  await api.call('PUT', `services/${service}`, serviceInput(service));
  const { body } = await api.call('POST', 'canary-rollouts', { service, version: 'v1' });
  for (let seq = 1; seq <= events; seq += 1) await write(body.id, seq);
  return body.id as string;
}

async function write(id: string, seq: number): Promise<void> {
  await sql`insert into operation_event (operation_id, seq, type, summary, detail)
    values (${id}, ${seq}, 'step.verified', ${`event ${seq}`}, '{}')`.execute(api.db);
  await sql`select pg_notify('operation_event', ${id})`.execute(api.db);
}

async function close(id: string): Promise<void> {
  await sql`update operation set status = 'closed', outcome = 'promoted', finished_at = now() where id = ${id}`.execute(
    api.db,
  );
  await sql`select pg_notify('operation_event', ${id})`.execute(api.db);
}

test('operations are listed newest first, filtered and in pages', async () => {
  const ids = [await operation(), await operation(), await operation()];
  await close(ids[0] ?? '');

  const first = await api.call('GET', 'operations?limit=2');
  const second = await api.call('GET', `operations?limit=2&cursor=${first.body.next}`);
  const open = await api.call('GET', 'operations?status=running');
  const closed = await api.call('GET', 'operations?status=closed&kind=canary-rollout');

  const listed = [...first.body.items, ...second.body.items].map((item: { id: string }) => item.id);
  expect(listed.slice(0, 3)).toEqual([...ids].sort().reverse());
  expect(open.body.items).toEqual([]);
  expect(closed.body.items.map((item: { id: string }) => item.id)).toContain(ids[0]);
  expect((await api.call('GET', 'operations?status=odd')).status).toBe(400);
});

test('a timeline comes in order and in pages', async () => {
  const id = await operation(5);

  const page = await api.call('GET', `operations/${id}/events?limit=2&after=1`);
  const next = await api.call('GET', `operations/${id}/events?limit=9&cursor=${page.body.next}`);

  const seqs = [...page.body.items, ...next.body.items].map((event: { seq: number }) => event.seq);
  expect(seqs).toEqual([2, 3, 4, 5]);
});

test('the stream brings each event as it is written and ends with the operation', async () => {
  const id = await operation(1);
  const reading = readStream(id, {});
  await expect.poll(() => reading.text()).toContain('id: 1\n');

  await write(id, 2);
  await expect.poll(() => reading.text()).toContain('id: 2\n');
  await close(id);
  await reading.ended;

  expect(reading.text()).toContain('event: closed\n');
});

test('the stream resumes by Last-Event-ID and loses nothing', async () => {
  const id = await operation(4);
  await close(id);

  const reading = readStream(id, { 'last-event-id': '2' });
  await reading.ended;

  expect([...reading.text().matchAll(/^id: (\d+)$/gm)].map((match) => match[1])).toEqual(['3', '4']);
});

test('an unknown operation is 404 everywhere', async () => {
  const unknown = '01JZZZZZZZZZZZZZZZZZZZZZZZ';
  for (const rest of ['', '/events', '/events/stream']) {
    expect((await api.call('GET', `operations/${unknown}${rest}`)).body).toMatchObject({ status: 404 });
  }
  expect((await api.call('GET', 'operations/nonsense')).body).toMatchObject({ status: 400 });
});

test('probes and metrics tell how it is', async () => {
  await operation();

  expect((await api.call('GET', '/livez')).body).toEqual({ live: true });
  expect((await api.call('GET', '/readyz')).body).toMatchObject({
    database: { ok: true },
    temporal: { ok: true },
  });
  const metrics = String((await api.call('GET', '/metrics')).body);
  expect(metrics).toMatch(/holdfast_operations\{kind="canary-rollout",status="starting",outcome=""\} \d+/);
  expect(metrics).toContain('route="/v1/projects/:project/canary-rollouts"');
  expect(metrics).toMatch(/holdfast_database_connections\{state="busy"\} \d+/);
  expect(metrics).not.toContain('project=');
});

test('metrics of a project name it, and ask for a key', async () => {
  await operation();

  const metrics = String((await api.call('GET', 'metrics')).body);
  expect(metrics).toMatch(
    /holdfast_operations\{project="default",kind="canary-rollout",status="starting",outcome=""\} \d+/,
  );
  expect(metrics).toContain('holdfast_gates_waiting{project="default"} 0');
  const nobody = await api.call('GET', 'metrics', undefined, { authorization: '' });
  expect(nobody.status).toBe(401);
});

function readStream(
  id: string,
  headers: Record<string, string>,
): { text: () => string; ended: Promise<void> } {
  let text = '';
  const ended = fetch(`${url}/v1/projects/default/operations/${id}/events/stream`, {
    headers: { authorization: `Bearer ${api.key}`, ...headers },
  }).then(async (response) => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
  });
  return { text: () => text, ended };
}
