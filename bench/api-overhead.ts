import type { Client } from '@temporalio/client';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ulid } from 'ulid';
import { freezePlan } from '../domain/canary-rollout/plan.ts';
import { ensureInstallationKey } from '../db/access/first-keys.ts';
import { newSecret } from '../db/access/secret.ts';
import type { Db } from '../db/connect.ts';
import { freePort } from '../infra/net/ports.ts';
import { startOptions } from '../workflows/canary-rollout/start-options.ts';
import { withServers, type Servers } from './servers.ts';
import { quantile } from './statistics.ts';

const ratePerSecond = 50;
const blockSeconds = 5;

/**
 * What the API adds to a start: the same workflow started through HTTP (validated, durable row and audit first, with
 * `synchronous_commit` on) and by a bare Temporal client, in turn within one open loop of 50/s, latency counted from the scheduled time:
 * both meet the same moments of Temporal's database, whose own stalls are far larger than what is measured. No worker polls.
 */
export async function apiOverhead(options: { seconds: number; note: (text: string) => void }) {
  return withServers(async (servers) => {
    const { client } = servers;
    await registerServices(servers.db, (options.seconds + blockSeconds) * ratePerSecond);
    const base = await serveApi(servers);
    const agent = new Agent({ keepAlive: true, maxSockets: 64 });
    let next = 0;
    const key = await benchKey(servers.db);
    const throughApi = (): Promise<void> => postStart(agent, { base, key }, `svc-${next++}`);
    const bare = (): Promise<unknown> => bareStart(client, `svc-${ulid()}`);
    // No worker ends them, and a project has room for a hundred.
    const ending = setInterval(() => void endOperations(servers.db), 1000);
    await block(bare, throughApi);
    const api: number[] = [];
    const direct: number[] = [];
    for (let round = 0; round < options.seconds / blockSeconds; round += 1) {
      const [ofBare, ofApi] = await block(bare, throughApi);
      direct.push(...ofBare);
      api.push(...ofApi);
      options.note(
        `${(round + 1) * blockSeconds} of ${options.seconds} s: bare ${ms(quantile(direct, 0.5))} ms, API ${ms(quantile(api, 0.5))} ms`,
      );
    }
    clearInterval(ending);
    agent.destroy();
    return {
      starts_each: api.length,
      rate_per_s: ratePerSecond,
      bare_p50_ms: ms(quantile(direct, 0.5)),
      bare_p99_ms: ms(quantile(direct, 0.99)),
      api_p50_ms: ms(quantile(api, 0.5)),
      api_p99_ms: ms(quantile(api, 0.99)),
      p50_added_ms: ms(quantile(api, 0.5) - quantile(direct, 0.5)),
      p99_added_ms: ms(quantile(api, 0.99) - quantile(direct, 0.99)),
      ratio_p50: ms(quantile(api, 0.5) / quantile(direct, 0.5)),
      goal_p50_added_ms: 2,
      goal_p99_added_ms: 10,
    };
  });
}

type Call = () => Promise<unknown>;

/** One block of open-loop calls, one kind and the other in turn; milliseconds from the scheduled time of each. */
async function block(one: Call, other: Call): Promise<[number[], number[]]> {
  const count = ratePerSecond * blockSeconds;
  const began = performance.now() + 20;
  const calls: [Promise<number>[], Promise<number>[]] = [[], []];
  for (let index = 0; index < count; index += 1) {
    const scheduled = began + (index * 1000) / ratePerSecond;
    await delay(Math.max(0, scheduled - performance.now()));
    const [call, kind] = index % 2 === 0 ? [one, calls[0]] : [other, calls[1]];
    kind.push(call().then(() => performance.now() - scheduled));
  }
  return Promise.all([Promise.all(calls[0]), Promise.all(calls[1])]);
}

function postStart(
  agent: Agent,
  { base, key }: { base: string; key: string },
  service: string,
): Promise<void> {
  const body = JSON.stringify({ service, version: 'v2' });
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${base}/v1/projects/default/canary-rollouts`,
      {
        method: 'POST',
        agent,
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'idempotency-key': randomUUID(),
        },
      },
      (response) => {
        response.resume();
        response.once('end', () => {
          if (response.statusCode === 202) resolve();
          else reject(new Error(`the API answered ${response.statusCode} for ${service}`));
        });
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

function bareStart(client: Client, service: string): Promise<unknown> {
  const row = {
    operationId: ulid(),
    workflowId: `bare/${service}`,
    project: 'default',
    service,
    version: 'v2',
    stableVersion: null,
    mode: 'rollout' as const,
    plan: freezePlan(null),
    startedBy: 'bench',
    reason: null,
  };
  const { type, options } = startOptions(row, 'operations');
  return client.workflow.start(type, options);
}

async function endOperations(db: Db): Promise<void> {
  await db.updateTable('operation').set({ status: 'closed' }).where('status', '=', 'starting').execute();
}

async function benchKey(db: Db): Promise<string> {
  const secret = newSecret();
  const owner = { principal: 'bench', kind: 'person' as const, role: 'operator' as const, scopes: null };
  await ensureInstallationKey(db, { id: ulid(), secret, name: 'bench', ...owner });
  return secret;
}

/** Registers that many services, straight in the database. */
async function registerServices(db: Db, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) => ({
    project: 'default',
    name: `svc-${index}`,
    spec: JSON.stringify(serviceSpec(`b${index}`)),
    stable_version: null,
    previous_version: null,
    warm_until: null,
  }));
  for (let at = 0; at < rows.length; at += 500) {
    await db
      .insertInto('service')
      .values(rows.slice(at, at + 500))
      .execute();
  }
}

async function serveApi(servers: Servers): Promise<string> {
  const port = await freePort();
  const api = startApi({ ...servers, port });
  servers.atEnd(() => stopChild(api));
  const base = `http://127.0.0.1:${port}`;
  await untilAlive(`${base}/livez`);
  return base;
}

function startApi(options: {
  folder: string;
  port: number;
  databaseUrl: string;
  temporal: { address: string; namespace: string };
}): ChildProcess {
  return spawn(process.execPath, [path.resolve(import.meta.dirname, '../api/server.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      HOLDFAST_HOME: options.folder,
      HOLDFAST_API_PORT: String(options.port),
      DATABASE_URL: options.databaseUrl,
      TEMPORAL_ADDRESS: options.temporal.address,
      TEMPORAL_NAMESPACE: options.temporal.namespace,
      LOG_LEVEL: 'info',
    },
  });
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

async function untilAlive(url: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const alive = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (alive) return;
    if (tries > 100) throw new Error('the API did not come up');
    await delay(100);
  }
}

function serviceSpec(backend: string) {
  return {
    start: { runtime: 'process', command: ['true'] },
    traffic: { provider: 'haproxy', proxy: 'local', backend },
    health: { path: '/health', timeoutMs: 2000 },
    instances: 1,
    plan: null,
  };
}

function ms(value: number): number {
  return Math.round(value * 100) / 100;
}
