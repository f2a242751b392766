import { createHash } from 'node:crypto';
import type { ConfigReport } from '../../../contracts/config-bundle.ts';
import type { Db } from '../../../db/connect.ts';
import { shop } from '../../config-document/documents.ts';

/** Somebody who asks the API, and what is secret in a project. */
interface Filling {
  readonly eyes: Db;
  readonly project: string;
  readonly put: (path: string, body: object) => Promise<unknown>;
  readonly post: (path: string, body: object) => Promise<{ id: string }>;
  readonly secretOf: (what: string) => string;
}

export interface KnownConfig {
  readonly environments: readonly string[];
  readonly revisions: readonly string[];
  readonly proxies: readonly string[];
  readonly rollout: string;
}

/** A row in each table of configurations, flags and fleets, named alike in both projects. */
export async function fillConfig(filling: Filling): Promise<KnownConfig> {
  const { eyes, project, put, post, secretOf } = filling;
  const reason = secretOf('because');
  const freeze = { since: '2020-01-01T00:00:00Z', until: '2020-01-02T00:00:00Z', reason };
  await put('environments/prod', { freezes: [freeze] });
  await put('environments/prod/config', { document: documentOf(secretOf('backend')), reason });
  await put('environments/prod/flags', flagsOf(secretOf('variant')));
  await post('enrollments', { proxy: `${project}-edge`, environment: 'prod', region: 'eu' });
  const { head } = await eyes
    .selectFrom('config_environment')
    .select('head')
    .where('project', '=', project)
    .executeTakeFirstOrThrow();
  await orderOf(filling, head);
  const { id } = await post('config-rollouts', { environment: 'prod', reason });
  return {
    environments: ['prod', 'other'],
    revisions: head === null ? [] : [head],
    proxies: [`${project}-edge`],
    rollout: id,
  };
}

/** What a document of each project may look like; nobody else has a backend of this name. */
export function documentOf(backend: string) {
  return { ...shop, backends: [...shop.backends, { name: backend, steered: true }] };
}

export function flagsOf(variant: string) {
  const flag = { key: 'banner', enabled: true, variants: [{ name: variant, value: variant }] };
  return { schemaVersion: 1, flags: [{ ...flag, defaultVariant: variant }] };
}

/** The proxy has enrolled, was given an order, and reports. */
async function orderOf({ eyes, project, secretOf }: Filling, revision: string | null): Promise<void> {
  const place = { project, environment: 'prod' };
  const proxy = `${project}-edge`;
  const hash = 'a'.repeat(64);
  await eyes
    .insertInto('config_order')
    .values({
      ...{ ...place, sequence: 1, kind: 'apply', revision, hash, drift: 'report' },
      ...{ operation_id: null, name: secretOf('order') },
    })
    .execute();
  await eyes
    .updateTable('config_environment')
    .set({ sequence: 1, live_sequence: 1 })
    .where('project', '=', project)
    .execute();
  await eyes
    .updateTable('fleet_proxy')
    .set({ state: 'enrolled', sequence: 1, token_hash: null })
    .where('proxy', '=', proxy)
    .execute();
  await eyes
    .insertInto('config_report')
    .values({
      ...{ ...place, proxy, attempted_sequence: 1, outcome: 'failed', running_sequence: null },
      ...{ running_hash: null, running_since: null, report: JSON.stringify(reportOf(secretOf('failure'))) },
    })
    .execute();
  await updateOrderOf(eyes, project, proxy, secretOf('release'));
  const signature = { signature: secretOf('signature'), count: 1, example: secretOf('example') };
  await eyes
    .insertInto('proxy_window')
    .values({
      ...{ proxy, project, starts_at: new Date(), seconds: 5, sequence: 1, requests: 1, errors: 1 },
      ...{ latency: '{}', signatures: JSON.stringify([signature]) },
    })
    .execute();
  const request = { port: 8080, method: 'GET', host: 'shop', path: `/${secretOf('path')}` };
  await eyes
    .insertInto('seen_request')
    .values({ ...place, slot: 0, ...request })
    .execute();
}

/** Its agent was ordered a release. */
async function updateOrderOf(eyes: Db, project: string, proxy: string, content: string): Promise<void> {
  const sha256 = createHash('sha256').update(content).digest('hex');
  const release = { project, sha256, version: content, size: content.length, content, created_by: 'ada' };
  await eyes.insertInto('agent_release').values(release).execute();
  const order = { proxy, project, sha256, ordered_by: 'ada', reason: content };
  await eyes
    .insertInto('agent_order')
    .values({ ...order, expires_at: new Date(Date.now() + 3_600_000) })
    .execute();
}

function reportOf(failure: string): ConfigReport {
  return {
    ...{ attempted: null, running: null, lastKnownGood: null, phase: 'idle', outcome: 'failed' },
    ...{ refusal: null, failure, failedStep: 'prove', timings: {}, drift: null },
    haproxy: { version: null, oldWorkers: 0, failedReloads: 0 },
    now: new Date().toISOString(),
  };
}
