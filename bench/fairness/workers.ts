import { tmpdir } from 'node:os';
import { createConfigChecks } from '../../providers/config-check/index.ts';
import { activityInfo, heartbeat, sleep } from '@temporalio/activity';
import { bundleWorkflowCode, DefaultLogger, Worker, type NativeConnection } from '@temporalio/worker';
import path from 'node:path';
import { loadConfig } from '../../config.ts';
import type { Db } from '../../db/connect.ts';
import { createMemoryProbe } from '../../providers/probe/memory.ts';
import { createMemoryRuntime } from '../../providers/runtime/memory.ts';
import { createMemoryTraffic } from '../../providers/traffic/memory.ts';
import { operationsOptions } from '../../workers/operations.ts';
import { createClusteringParts } from '../../workers/clustering-parts.ts';
import type { WatchTools } from '../../workers/tools.ts';
import { watchOptions } from '../../workers/watch.ts';

export interface FairnessWorkers {
  readonly queues: { readonly operations: string; readonly watch: string };
  /** The most activities at work at one moment, by their project and type, as `noisy work`; those that wait for room are not counted. */
  readonly most: ReadonlyMap<string, number>;
  /** How many have begun, by the same. */
  readonly begun: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

interface Options {
  readonly place: { readonly connection: NativeConnection; readonly namespace: string };
  readonly db: Db;
  readonly slotsPerProject: number;
  /** false: no quotas, and the same slots. */
  readonly quotas: boolean;
  /** Ends the names of the queues. */
  readonly name: string;
}

export type Hands = ReturnType<typeof createHands>['hands'];

/** The two workers as `holdfast up` runs them, with other activities in them. */
export async function startFairnessWorkers(options: Options): Promise<FairnessWorkers> {
  const { place, db, slotsPerProject, quotas, name } = options;
  const queues = { operations: `operations-${name}`, watch: `watch-${name}` };
  const { hands, most, begun } = createHands();
  const asShipped = toolsOf(db, slotsPerProject);
  const tools = quotas ? asShipped : toolsOf(db, Number.MAX_SAFE_INTEGER);
  const operations = {
    ...operationsOptions(tools),
    maxConcurrentActivityTaskExecutions: operationsOptions(asShipped).maxConcurrentActivityTaskExecutions,
  };
  const watch = {
    ...watchOptions(tools),
    maxConcurrentActivityTaskExecutions: watchOptions(asShipped).maxConcurrentActivityTaskExecutions,
  };
  const workers = [
    await Worker.create({
      ...place,
      ...operations,
      activities: hands,
      taskQueue: queues.operations,
      workflowBundle: await bundleWorkflowCode({
        workflowsPath: path.join(import.meta.dirname, 'workflows.ts'),
        logger: new DefaultLogger('ERROR'),
      }),
    }),
    await Worker.create({ ...place, ...watch, activities: hands, taskQueue: queues.watch }),
  ];
  const running = Promise.allSettled(workers.map((worker) => worker.run()));
  return {
    queues,
    most,
    begun,
    async stop() {
      for (const worker of workers) worker.shutdown();
      await running;
    },
  };
}

function createHands() {
  const atWork = new Map<string, number>();
  const most = new Map<string, number>();
  const begun = new Map<string, number>();

  async function counted(type: string, task: () => Promise<void>): Promise<void> {
    const what = `${activityInfo().priority?.fairnessKey ?? 'unnamed'} ${type}`;
    const now = (atWork.get(what) ?? 0) + 1;
    atWork.set(what, now);
    begun.set(what, (begun.get(what) ?? 0) + 1);
    most.set(what, Math.max(now, most.get(what) ?? 0));
    try {
      await task();
    } finally {
      atWork.set(what, (atWork.get(what) ?? 0) - 1);
    }
  }

  const hands = {
    async work({ ms }: { ms: number }): Promise<void> {
      await counted('work', () => sleep(ms));
    },

    async keepWatch({ ms }: { ms: number }): Promise<void> {
      const until = Date.now() + ms;
      await counted('keepWatch', async () => {
        while (Date.now() < until) {
          heartbeat();
          await sleep(Math.min(1000, ms));
        }
      });
    },
  };
  return { hands, most, begun };
}

/** The activities of the product are not used here; the options that come with them are. */
function toolsOf(db: Db, slotsPerProject: number): WatchTools {
  const runtime = createMemoryRuntime();
  return {
    db,
    traffic: createMemoryTraffic({}),
    runtimes: { process: runtime, docker: runtime },
    probe: createMemoryProbe(),
    ...createConfigChecks({ haproxy: 'haproxy', scratch: tmpdir() }),
    audit: null,
    log: () => undefined,
    keep: loadConfig({}).keep,
    slotsPerProject,
    clusters: createClusteringParts(loadConfig({}).clustering, null),
  };
}
