import { DefaultLogger, makeTelemetryFilterString, NativeConnection, Runtime } from '@temporalio/worker';
import { startCrowd, untilQueued, type CrowdSize } from './fairness/crowd.ts';
import { quietProjects, type QuietWaits } from './fairness/quiet.ts';
import { startFairnessWorkers } from './fairness/workers.ts';
import { withServers, type Servers } from './servers.ts';
import { quantile } from './statistics.ts';

const crowd: CrowdSize = { backlog: 10_000, backlogMs: 1000, watches: 500, watchMs: 3_600_000 };
const slotsPerProject = 100;
const roundsWhileItComes = 10;
const goalMs = 500;
/** Longer than this nobody waits for a step that does not begin: it counts as having waited so long, which is too little. */
const patienceMs = 60_000;

/**
 * Five quiet projects beside one with 10,000 queued activities of a second each and 500 long watches: how long the activities of
 * the quiet ones wait from schedule to start, on both queues, by the server's own times: while the crowd comes, and once it is
 * queued. Then the same with fairness off: no keys, no quotas, the same slots.
 */
export async function fairness({ rounds, note }: { rounds: number; note: (text: string) => void }) {
  return withServers(async (servers) => {
    installRuntime();
    const connection = await NativeConnection.connect({ address: servers.temporal.address });
    servers.atEnd(() => connection.close());
    const idle = await measure(servers, connection, { name: 'idle', fair: true, crowd: null, rounds });
    note(`nobody else there: p95 ${idle.p95} ms`);
    const fair = await measure(servers, connection, { name: 'fair', fair: true, crowd, rounds });
    note(`beside the noisy project: p95 ${fair.p95} ms, while it came ${fair.arriving} ms`);
    const unfair = await measure(servers, connection, { name: 'unfair', fair: false, crowd, rounds });
    note(`with fairness off: p95 ${unfair.p95} ms`);
    return {
      quiet_p95_ms: fair.p95,
      quiet_p95_operations_ms: fair.operations,
      quiet_p95_watch_ms: fair.watch,
      quiet_max_ms: fair.max,
      goal_ms: goalMs,
      quiet_p95_while_the_crowd_comes_ms: fair.arriving,
      idle_p95_ms: idle.p95,
      fairness_off_p95_ms: unfair.p95,
      times_worse_with_fairness_off: Math.round((unfair.p95 / fair.p95) * 10) / 10,
      at_work_most: fair.atWork,
      at_work_most_with_fairness_off: unfair.atWork,
      samples: fair.samples,
      crowd,
      slots_per_project: slotsPerProject,
    };
  });
}

/** When a crowd is called off, much of it is just at work: what the core says about that is no news. */
function installRuntime(): void {
  const filter = makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' });
  const telemetryOptions = { logging: { filter } };
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [], telemetryOptions });
}

interface Case {
  readonly name: string;
  readonly fair: boolean;
  readonly crowd: CrowdSize | null;
  readonly rounds: number;
}

async function measure({ temporal, client, db }: Servers, connection: NativeConnection, asked: Case) {
  const place = { connection, namespace: temporal.namespace };
  const workers = await startFairnessWorkers({
    ...{ place, db, slotsPerProject },
    ...{ quotas: asked.fair, name: asked.name },
  });
  const noisy = asked.fair ? { fairnessKey: 'noisy' } : {};
  const size = { projects: 5, rounds: asked.rounds, everyMs: 1000, patienceMs };
  const end = asked.crowd === null ? null : await startCrowd(client, workers, asked.crowd, noisy);
  try {
    const [arriving] = await Promise.all([
      quietProjects(client, workers, { ...size, rounds: roundsWhileItComes }, asked.fair),
      asked.crowd === null ? null : untilQueued(client, workers),
    ]);
    const waits = await quietProjects(client, workers, size, asked.fair);
    const atWork = Object.fromEntries(workers.most);
    return { ...summaryOf(waits), arriving: summaryOf(arriving).p95, atWork };
  } finally {
    await end?.();
    await workers.stop();
  }
}

function summaryOf({ operations, watch }: QuietWaits) {
  const all = [...operations, ...watch];
  return {
    p95: quantile(all, 0.95),
    operations: quantile(operations, 0.95),
    watch: quantile(watch, 0.95),
    max: quantile(all, 1),
    samples: all.length,
  };
}
