import { tmpdir } from 'node:os';
import { createConfigChecks } from '../providers/config-check/index.ts';
import { loadConfig } from '../config.ts';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import path from 'node:path';
import { ulid } from 'ulid';
import { createCanaryRolloutActivities } from '../activities/canary-rollout/index.ts';
import { createWatch, type WatchClock } from '../activities/canary-rollout/watch.ts';
import { insertDecision } from '../db/approval/decide.ts';
import { recordedRollout } from '../db/canary-rollout/recorded.ts';
import { insertRollout } from '../db/canary-rollout/start.ts';
import { freezePlan } from '../domain/canary-rollout/plan.ts';
import { createMemoryProbe } from '../providers/probe/memory.ts';
import { createMemoryRuntime } from '../providers/runtime/memory.ts';
import { createMemoryTraffic } from '../providers/traffic/memory.ts';
import { workflowBundle } from '../workers/bundle.ts';
import { operationsOptions } from '../workers/operations.ts';
import { approvalSignal, stateQuery } from '../workflows/canary-rollout/messages.ts';
import { startOptions } from '../workflows/canary-rollout/start-options.ts';
import { withServers, type Servers } from './servers.ts';

const steps = 4;
const goal = 40 + 25 * steps;

/**
 * Events of a four-step rollout on a real Temporal server, with a soak of 1 s and of 10 min in each of the first three steps. The
 * watch is the real one; only its clock is not: a minute passes in 50 ms. History grows with decisions, so both must be the same.
 */
export async function history(options: { note: (text: string) => void }) {
  return withServers(async (servers) => {
    await startWorkers(servers);
    const short = await rolloutEvents(servers, 'short', '1s');
    options.note(`1 s of soak: ${short.events} events`);
    const long = await rolloutEvents(servers, 'long', '10m');
    options.note(`10 min of soak: ${long.events} events`);
    const gated = await rolloutEvents(servers, 'gated', '1s', true);
    options.note(`1 s of soak and an approval after each of three steps: ${gated.events} events`);
    return {
      events: long.events,
      events_1s_soak: short.events,
      events_10min_soak: long.events,
      events_with_three_gates: gated.events,
      same: short.events === long.events,
      goal,
      steps,
      by_type: long.byType,
    };
  });
}

/** Simulated time: what the watch believes to have waited, at 1,200 times the speed of real time. */
function fastClock(): WatchClock {
  let nowMs = 0;
  return {
    now: () => nowMs,
    async pause(ms) {
      nowMs += Math.max(ms, 1);
      await new Promise((resolve) => setTimeout(resolve, ms / 1200));
    },
  };
}

async function startWorkers({ temporal, folder, db, atEnd }: Servers): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const runtime = createMemoryRuntime();
  const traffic = createMemoryTraffic({ short: 'roundrobin', long: 'roundrobin', gated: 'roundrobin' });
  traffic.count((_, __, percent) => ({ requests: percent * 10, errors: 0, latency: { '30': percent * 10 } }));
  const tools = {
    db,
    traffic,
    runtimes: { process: runtime, docker: runtime },
    probe: createMemoryProbe(),
    ...createConfigChecks({ haproxy: 'haproxy', scratch: tmpdir() }),
    audit: null,
    log: () => undefined,
    keep: loadConfig({}).keep,
    slotsPerProject: 100,
  };
  const connection = await NativeConnection.connect({ address: temporal.address });
  const common = { connection, namespace: temporal.namespace };
  const workflows = { workflowBundle: await workflowBundle(path.join(folder, 'build')) };
  const watch = { ...createCanaryRolloutActivities(tools), ...createWatch(tools, fastClock()) };
  const workers = [
    await Worker.create({ ...common, ...workflows, ...operationsOptions(tools) }),
    await Worker.create({ ...common, taskQueue: 'watch', activities: watch }),
  ];
  const running = Promise.all(workers.map((worker) => worker.run()));
  atEnd(async () => {
    for (const worker of workers) worker.shutdown();
    await running;
    await connection.close();
  });
}

async function rolloutEvents({ db, client }: Servers, service: string, soak: string, gate = false) {
  await registerService(db, service);
  await run({ db, client }, service, 'v1', soak, gate);
  const handle = await run({ db, client }, service, 'v2', soak, gate);
  const { events } = JSON.parse(historyToJSON(await handle.fetchHistory())) as {
    events: { eventType: string }[];
  };
  const byType: Record<string, number> = {};
  for (const { eventType } of events) {
    const type = eventType.replace('EVENT_TYPE_', '').toLowerCase();
    byType[type] = (byType[type] ?? 0) + 1;
  }
  return { events: events.length, byType };
}

async function run(
  { db, client }: Pick<Servers, 'db' | 'client'>,
  service: string,
  version: string,
  soak: string,
  gate: boolean,
) {
  const plan = freezePlan({
    steps: [...[10, 25, 50].map((weight) => ({ weight, soak, gate })), { weight: 100 }],
    checks: { interval: '30s', window: '60s' },
  });
  const operationId = ulid();
  const asked = {
    operationId,
    project: 'default',
    service,
    version,
    principal: 'bench',
    key: ulid(),
    fingerprint: 'bench',
  };
  await insertRollout(db, { ...asked, start: null, plan, defaultPlan: plan, reason: null });
  const row = await recordedRollout(db, operationId);
  if (row === undefined) throw new Error(`the rollout of ${service} ${version} was refused`);
  const { type, options } = startOptions(row, 'operations');
  const handle = await client.workflow.start(type, options);
  const approving = gate && version === 'v2' ? approveAll(db, handle) : null;
  const result = (await handle.result()) as { outcome: string; reason: string };
  await approving;
  if (result.outcome !== 'promoted')
    throw new Error(`${service} ${version} ended as ${result.outcome}: ${result.reason}`);
  return handle;
}

/** A person who approves whatever is asked, until the rollout is over. */
async function approveAll(db: Servers['db'], handle: WorkflowHandle): Promise<void> {
  const approved = new Set<string>();
  for (;;) {
    const { phase, gate } = await handle.query(stateQuery);
    if (phase === 'done') return;
    if (gate !== null && !approved.has(gate.subject)) {
      approved.add(gate.subject);
      const id = ulid();
      const decision = { id, project: 'default', gateId: gate.id ?? '', subject: gate.subject, reason: null };
      const asked = { principal: 'approver', claims: [], key: ulid(), fingerprint: 'bench' };
      await insertDecision(db, { ...decision, ...asked, decision: 'approve' });
      await handle.signal(approvalSignal, { decisionId: id });
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function registerService(db: Servers['db'], name: string): Promise<void> {
  const spec = {
    start: { runtime: 'process', command: ['run'] },
    traffic: { provider: 'haproxy', proxy: 'local', backend: name },
    health: { path: '/health', timeoutMs: 1000 },
    instances: 1,
    plan: null,
  };
  const row = {
    project: 'default',
    name,
    spec: JSON.stringify(spec),
    stable_version: null,
    previous_version: null,
    warm_until: null,
  };
  await db.insertInto('service').values(row).execute();
}
