import { tmpdir } from 'node:os';
import { createConfigChecks } from '../../providers/config-check/index.ts';
import { activityInfo } from '@temporalio/activity';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type ActivityInboundCallsInterceptor,
  type InjectedSinks,
} from '@temporalio/worker';
import path from 'node:path';
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { loadConfig } from '../../config.ts';
import { connect } from '../../db/connect.ts';
import { createDesiredStateStore } from '../../db/desired-state-store.ts';
import { createHttpProbe } from '../../providers/probe/http.ts';
import { createRuntimes } from '../../providers/runtime/index.ts';
import { createHaproxyTraffic } from '../../providers/traffic/haproxy.ts';
import { createClusteringParts } from '../../workers/clustering-parts.ts';
import { operationsOptions } from '../../workers/operations.ts';
import { watchOptions } from '../../workers/watch.ts';
import type { ActivationSinks } from './lane-activation.ts';
import type { CrashWorkerOptions } from './crash-worker.ts';
import { createPoints, type Points } from './lane-points.ts';

/**
 * The real worker with the real parts, plus one thing: it is killed or paused at a chosen moment. Moments are: before an activity,
 * after its effect but before its report, and each workflow activation. Arguments: one JSON object.
 */
const options = JSON.parse(process.argv[2] ?? '{}') as CrashWorkerOptions;
const points = createPoints(options.fate);
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });

const db = connect(options.databaseUrl);
const tools = {
  db,
  traffic: createHaproxyTraffic(createDesiredStateStore(db)),
  runtimes: createRuntimes({ home: options.home, dockerHost: options.dockerHost, env: process.env }),
  probe: createHttpProbe(),
  ...createConfigChecks({ haproxy: 'haproxy', scratch: tmpdir() }),
  keep: loadConfig({}).keep,
  slotsPerProject: 100,
  clusters: createClusteringParts(loadConfig({}).clustering, null),
  audit: null,
  log: (message: string, fields: Record<string, unknown>) => console.error(message, fields),
};
const connection = await NativeConnection.connect({ address: options.address });
const { namespace } = options;
const workers = await Promise.all([
  Worker.create({
    connection,
    namespace,
    ...withPoints(operationsOptions(tools), points),
    workflowBundle: { codePath: await bundle(options.bundle) },
    sinks: {
      crash: { activation: { fn: () => points.reach('activation'), callDuringReplay: false } },
    } satisfies InjectedSinks<ActivationSinks>,
  }),
  Worker.create({ connection, namespace, ...withPoints(watchOptions(tools), points) }),
]);
process.stdout.write('ready\n');
const running = workers.map((worker) => worker.run());
process.once('SIGTERM', () => workers.forEach((worker) => worker.shutdown()));
await Promise.all(running);
await connection.close();
await db.destroy();

function withPoints<
  T extends { interceptors: { activity: (() => { inbound: ActivityInboundCallsInterceptor })[] } },
>(base: T, at: Points): T {
  const interceptor = (): { inbound: ActivityInboundCallsInterceptor } => ({
    inbound: {
      async execute(input, next) {
        const name = activityInfo().activityType;
        if (name === 'sweep') return next(input);
        at.reach(`before ${name}`);
        const result = await next(input);
        at.reach(`after ${name}`);
        return result;
      },
    },
  });
  return { ...base, interceptors: { activity: [interceptor, ...base.interceptors.activity] } };
}

async function bundle(file: string): Promise<string> {
  if (existsSync(file)) return file;
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.resolve(import.meta.dirname, '../../workflows/index.ts'),
    workflowInterceptorModules: [path.resolve(import.meta.dirname, 'lane-activation.ts')],
    logger: new DefaultLogger('ERROR'),
  });
  await writeFile(`${file}.${process.pid}`, code);
  await rename(`${file}.${process.pid}`, file);
  return file;
}
