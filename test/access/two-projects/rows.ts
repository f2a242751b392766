import { sql } from 'kysely';
import { ulid } from 'ulid';
import type { App } from '../../../api/dependencies.ts';
import { publishCheckpoint } from './checkpoint.ts';
import type { Db } from '../../../db/connect.ts';
import { saveArchive } from '../../../db/operation-archive.ts';
import { beginAttempt, endAttempt } from '../../../db/notification/ledger.ts';
import { askAtGate } from '../../support/approval.ts';
import { fillConfig } from './config-rows.ts';

/** What somebody may know, or guess, of a project: ids and names to ask with. */
export interface Known {
  readonly project: string;
  readonly operations: readonly string[];
  /** Ended: its timeline can be followed to its end. */
  readonly closed: string;
  readonly commands: readonly string[];
  readonly decisions: readonly string[];
  readonly gates: readonly string[];
  readonly subjects: readonly string[];
  readonly deliveries: readonly string[];
  readonly keys: readonly string[];
  readonly feedback: readonly string[];
  readonly clusters: readonly string[];
  readonly uploads: readonly string[];
  readonly entries: readonly string[];
  readonly backends: readonly string[];
  readonly environments: readonly string[];
  readonly revisions: readonly string[];
  readonly proxies: readonly string[];
}

interface Filling {
  readonly app: App;
  readonly eyes: Db;
  readonly key: string;
  readonly project: string;
}

/** A text that nobody outside the project may read; leaks.ts looks for it. */
export function secretOf(project: string, what: string): string {
  return `${project}-secret-${what}`;
}

/** Rows in every table that belongs to projects, most of them made the way people make them. */
export async function fillProject(filling: Filling): Promise<Known> {
  const { eyes, project } = filling;
  const post = poster(filling);
  await post('/v1/projects', { name: project });
  const at = `/v1/projects/${project}`;
  const reason = secretOf(project, 'reason');
  for (const name of ['web', 'shop']) await post(`${at}/services/${name}`, service(project, name), 'PUT');
  const [open, closed] = [await start('web'), await start('shop')];
  const { id: command } = await post(`${at}/canary-rollouts/${open}/commands`, {
    ...{ kind: 'pause', revision: 0, step: 0, reason },
  });
  const subject = secretOf(project, 'subject');
  const group = { members: [secretOf(project, 'member')], claim: secretOf(project, 'claim') };
  await post(`${at}/groups/sre`, group, 'PUT');
  const { gateId } = await askAtGate(eyes, open, subject, { evidence: secretOf(project, 'evidence') });
  await showGate(eyes, open, subject);
  await post(`${at}/canary-rollouts/${open}/decisions`, { decision: 'reject', subject, reason });
  await askAtGate(eyes, open, secretOf(project, 'other'), { name: 'step-1' });
  await post(`${at}/emergency-stop`, { service: 'web', reason });
  const person = `${secretOf(project, 'person')}@example.org`;
  await post(`${at}/members/${person}`, { roles: ['operator'] }, 'PUT');
  const { id: apiKey } = await post(`${at}/api-keys`, { principal: person, name: secretOf(project, 'key') });
  await post(`${at}/notification-channels/ops`, channel(project), 'PUT');
  const { id: delivery } = await post(`${at}/notification-channels/ops/test`, {});
  await attemptOf(eyes, delivery, project);
  const feedback = await feedbackOf(filling);
  const cluster = await clusterOf(eyes, project, feedback);
  const { rollout, ...config } = await fillConfig({
    ...{ eyes, project, secretOf: (what) => secretOf(project, what) },
    put: (path, body) => post(`${at}/${path}`, body, 'PUT'),
    post: (path, body) => post(`${at}/${path}`, body),
  });
  await close(eyes, closed, project);
  await sampleOf(eyes, project);
  await publishCheckpoint(eyes, project);
  return {
    ...{ project, operations: [open, closed, rollout], closed, commands: [command], subjects: [subject] },
    ...{ decisions: await ids(eyes, 'approval_decision', project), gates: [gateId] },
    ...{ deliveries: [delivery], keys: [apiKey], backends: [`${project}-web`, `${project}-shop`] },
    ...{ clusters: [cluster], feedback: [feedback], uploads: await ids(eyes, 'feedback_upload', project) },
    ...config,
    entries: await ids(eyes, 'audit_entry', project),
  };

  async function start(name: string): Promise<string> {
    return (await post(`${at}/canary-rollouts`, { service: name, version: secretOf(project, 'v1'), reason }))
      .id;
  }
}

function poster({ app, key }: Filling) {
  return async (url: string, body: object, method: 'POST' | 'PUT' = 'POST'): Promise<{ id: string }> => {
    const headers = { authorization: `Bearer ${key}`, 'idempotency-key': ulid() };
    const answer = await app.inject({ method, url, headers, payload: body });
    if (answer.statusCode >= 300) throw new Error(`${method} ${url}: ${answer.statusCode} ${answer.body}`);
    return answer.json<{ id: string }>();
  };
}

/** Of each table of what comes in a row: a source, a delivery, an item, its hour, and a file. */
async function feedbackOf({ app, key, project }: Filling): Promise<string> {
  const at = `/v1/projects/${project}`;
  const send = (method: 'POST' | 'PUT', url: string, payload: string, type = 'application/json') => {
    const headers = { authorization: `Bearer ${key}`, 'idempotency-key': ulid(), 'content-type': type };
    return app.inject({ method, url: `${at}${url}`, headers, payload });
  };
  const settings = { repositories: [`acme/${secretOf(project, 'repository')}`] };
  await send('PUT', '/sources/gh', JSON.stringify({ kind: 'github', settings }));
  await send('PUT', '/sources/own', JSON.stringify({ kind: 'manual', secret: 'env:HOOK_SECRET' }));
  await send('POST', '/ingest/upload', `title\n${secretOf(project, 'row')}`, 'text/csv');
  const report = { title: secretOf(project, 'title'), body: secretOf(project, 'body') };
  return (await send('POST', '/feedback', JSON.stringify(report))).json<{ id: string }>().id;
}

/** The item is clustered, by a job, and somebody has edited its cluster. */
async function clusterOf(eyes: Db, project: string, item: string): Promise<string> {
  const id = ulid();
  const [title, summary] = [secretOf(project, 'cluster'), secretOf(project, 'summary')];
  const at = new Date();
  const of = { project, size: 1, first_seen: at, last_seen: at };
  await eyes
    .insertInto('feedback_cluster')
    .values({ id, title, summary, ...of })
    .execute();
  await eyes
    .updateTable('feedback_item')
    .set({
      cluster_id: id,
      clustering: 'clustered',
      membership: JSON.stringify({ rule: secretOf(project, 'rule') }),
    })
    .where('id', '=', item)
    .execute();
  const body = JSON.stringify({ title: secretOf(project, 'edit') });
  const edit = {
    id: ulid(),
    project,
    kind: 'rename',
    body,
    before: '[]',
    edited_by: secretOf(project, 'editor'),
  };
  await eyes.insertInto('cluster_edit').values(edit).execute();
  const job = {
    id: ulid(),
    project,
    kind: 'everything',
    state: 'failed',
    error: secretOf(project, 'fault'),
  } as const;
  await eyes
    .insertInto('cluster_job')
    .values({ ...job, requested_by: 'ada', finished_at: at })
    .execute();
  const model = secretOf(project, 'model');
  await eyes.insertInto('feedback_clustering').values({ project, model }).execute();
  const vector = Buffer.from(secretOf(project, 'vector'));
  await eyes.insertInto('feedback_embedding').values({ project, model, content_hash: id, vector }).execute();
  return id;
}

function service(project: string, name: string) {
  return {
    name,
    start: { runtime: 'process', command: ['run', secretOf(project, 'command')] },
    traffic: { provider: 'haproxy', backend: `${project}-${name}` },
  };
}

function channel(project: string) {
  const target = `https://${secretOf(project, 'hooks')}.example.org/`;
  return { kind: 'webhook', target, secret: 'env:HOOK_SECRET', events: ['gate.opened'] };
}

/** As the workflow tells it: the row is what the inbox and the decisions read while nobody answers for the workflow. */
async function showGate(eyes: Db, id: string, subject: string): Promise<void> {
  await sql`update canary_rollout set state = state || ${JSON.stringify({ phase: 'waiting-for-approval', gate: { subject, deadline: new Date().toISOString(), onTimeout: 'abort' } })}::jsonb
    where operation_id = ${id}`.execute(eyes);
  await sql`insert into operation_event (operation_id, seq, type, summary, detail)
    values (${id}, 1, 'started', ${subject}, ${JSON.stringify({ subject })}::jsonb)`.execute(eyes);
}

async function attemptOf(eyes: Db, deliveryId: string, project: string): Promise<void> {
  const attempt = await beginAttempt(eyes, deliveryId);
  const error = secretOf(project, 'error');
  await endAttempt(eyes, { deliveryId, attempt, durationMs: 1, result: 'failed', status: 500, error });
}

async function close(eyes: Db, id: string, project: string): Promise<void> {
  await sql`update operation set status = 'closed', outcome = 'promoted', finished_at = now(),
    summary = ${secretOf(project, 'summary')} where id = ${id}`.execute(eyes);
  await sql`insert into operation_event (operation_id, seq, type, summary, detail)
    values (${id}, 1, 'started', ${secretOf(project, 'event')}, '{}')`.execute(eyes);
  const kept = { runId: secretOf(project, 'run'), state: 'too-large', events: 1, bytes: 1 } as const;
  await saveArchive(eyes, { id, project }, [{ ...kept, digest: secretOf(project, 'digest'), content: null }]);
}

async function sampleOf(eyes: Db, project: string): Promise<void> {
  const backend = `${project}-web`;
  await sql`insert into proxy (name) values ('local') on conflict do nothing`.execute(eyes);
  await sql`insert into traffic_target (proxy, backend, project, service, split)
    values ('local', ${backend}, ${project}, 'web', ${JSON.stringify({ servers: [], stable: null, canary: null, leaseMs: null })}::jsonb)`.execute(
    eyes,
  );
  await sql`insert into server_sample (project, proxy, backend, second, server, version, sessions, requests, errors, up, latency)
    values (${project}, 'local', ${backend}, 1, ${secretOf(project, 'server')}, 'v1', 1, 1, 0, true, '{}')`.execute(
    eyes,
  );
}

async function ids(
  eyes: Db,
  table: 'approval_decision' | 'audit_entry' | 'feedback_upload',
  project: string,
): Promise<string[]> {
  const rows = await eyes.selectFrom(table).select('id').where('project', '=', project).execute();
  return rows.map(({ id }) => id);
}
