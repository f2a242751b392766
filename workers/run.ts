import { NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import { Client, Connection, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import path from 'node:path';
import type { Logger } from 'pino';
import { requireTemporalAddress, type Config } from '../config.ts';
import { createDataConverter } from '../payload-codec/data-converter.ts';
import {
  temporalConnectionOptions,
  temporalToken,
  type TemporalConnectionOptions,
} from '../temporal-connection/options.ts';
import { workflowBundle } from './bundle.ts';
import { createFeedbackWorker } from './feedback.ts';
import { createNotificationsWorker } from './notifications.ts';
import { createOperationsWorker } from './operations.ts';
import type { AllTools, WorkerPlace } from './tools.ts';
import { createWatchWorker } from './watch.ts';

export interface RunningWorkers {
  /** Every queue is polled. */
  ready(): boolean;
  /** Ends when all workers have ended; rejects when one failed. */
  readonly ended: Promise<void>;
  stop(): void;
}

const tokenLookMs = 30_000;

/** One process serves every queue. Starts the reconciliation as well: it is there once per installation, whoever starts it. */
export async function runWorkers(config: Config, tools: AllTools, logger: Logger): Promise<RunningWorkers> {
  installRuntime(config, logger);
  const address = requireTemporalAddress(config);
  const { namespace, credentials } = config.temporal;
  const dataConverter = createDataConverter({
    payloadKeys: config.secrets.payloadKeys,
    namespace,
    onUnreadable: (keyId) => logger.warn({ keyId }, 'payloads cannot be opened: see the payload keys'),
  });
  const [connection, bundle] = await Promise.all([
    NativeConnection.connect(temporalConnectionOptions(address, credentials)),
    workflowBundle(path.join(config.home, 'build')),
  ]);
  const place: WorkerPlace = { connection, namespace, dataConverter };
  const workers = [
    await createOperationsWorker(place, bundle, tools),
    await createWatchWorker(place, tools),
    await createNotificationsWorker(place, bundle, tools),
    await createFeedbackWorker(place, bundle, tools.feedback),
  ];
  const ended = Promise.all(workers.map((worker) => worker.run())).then(() => connection.close());
  keepToken(connection, credentials.tokenFile);
  await startReconciliation(temporalConnectionOptions(address, credentials), place);
  return {
    ready: () => workers.every((worker) => worker.getState() === 'RUNNING'),
    ended,
    stop: () => workers.forEach(shutDown),
  };
}

function installRuntime(config: Config, logger: Logger): void {
  Runtime.install({
    shutdownSignals: [],
    logger: {
      log: (level, message, meta) => logger[level === 'TRACE' ? 'trace' : 'info']({ ...meta }, message),
      trace: (message, meta) => logger.trace({ ...meta }, message),
      debug: (message, meta) => logger.debug({ ...meta }, message),
      info: (message, meta) => logger.info({ ...meta }, message),
      warn: (message, meta) => logger.warn({ ...meta }, message),
      error: (message, meta) => logger.error({ ...meta }, message),
    },
    telemetryOptions: {
      metrics: {
        prometheus: {
          bindAddress: `127.0.0.1:${config.worker.sdkMetricsPort}`,
          useSecondsForDurations: true,
        },
      },
    },
  });
}

async function startReconciliation(
  options: TemporalConnectionOptions,
  { namespace, dataConverter }: WorkerPlace,
): Promise<void> {
  const connection = await Connection.connect(options);
  try {
    const client = new Client({ connection, namespace, dataConverter });
    await client.workflow.start('reconciliation', {
      workflowId: 'reconciliation',
      taskQueue: 'operations',
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary:
        'Brings back in line what drifted: lost starts, unheard commands, unsent notifications, terminated runs, expired releases',
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  } finally {
    await connection.close();
  }
}

/** A token is valid for a while; whoever renews it writes the file anew. */
function keepToken(connection: NativeConnection, tokenFile: string | null): void {
  if (tokenFile === null) return;
  const renewing = setInterval(() => {
    // A file that is just being replaced cannot be read: the token of before goes on until the next look.
    void renewToken(connection, tokenFile).catch(() => undefined);
  }, tokenLookMs);
  renewing.unref();
}

async function renewToken(connection: NativeConnection, tokenFile: string): Promise<void> {
  await connection.setApiKey(temporalToken(tokenFile));
}

function shutDown(worker: Worker): void {
  if (worker.getState() === 'RUNNING') worker.shutdown();
}
