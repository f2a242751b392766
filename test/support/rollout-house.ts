import { Client, Connection } from '@temporalio/client';
import { NativeConnection, type Worker } from '@temporalio/worker';
import { ulid } from 'ulid';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, connectUnwalled, type Db } from '../../db/connect.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import { createNotificationsWorker } from '../../workers/notifications.ts';
import { createOperationsWorker } from '../../workers/operations.ts';
import { createWatchWorker } from '../../workers/watch.ts';
import { startTwinAgent, type TwinAgent } from './rollout-house/agent.ts';
import { createDataConverter } from '../../payload-codec/data-converter.ts';
import { listenToCore } from './rollout-house/core-log.ts';
import { makeNamespace } from './rollout-house/namespace.ts';
import type { LanguageModel } from '../../providers/llm/language-model.ts';
import { makeTools, type HouseTools } from './rollout-house/tools.ts';

export interface RolloutHouse extends HouseTools {
  readonly db: Db;
  readonly client: Client;
  readonly connection: Connection;
  readonly namespace: string;
  readonly agent: TwinAgent;
  /** Workers as `holdfast up` runs them; they can be taken away and brought back, with another bundle if need be. */
  startWorkers(bundle?: Bundle): Promise<void>;
  stopWorkers(): Promise<void>;
  startReconciliation(): Promise<void>;
  close(): Promise<void>;
}

export type Bundle = { readonly codePath: string } | { readonly code: string };

export const houseProxy = 'local';

/** Everything a rollout needs, in this process: workers on a namespace of their own, a database, and a twin of the proxy's agent. */
export async function openHouse(servers: {
  databaseUrl: string;
  temporalAddress: string;
  /** File of payload keys; left out: clear text. */
  payloadKeys?: string;
  languageModel?: LanguageModel;
}): Promise<RolloutHouse> {
  listenToCore();
  const address = servers.temporalAddress;
  const connection = await Connection.connect({ address });
  const native = await NativeConnection.connect({ address });
  const namespace = `house-${ulid().toLowerCase()}`;
  await makeNamespace(connection, namespace);
  const dataConverter = createDataConverter({ payloadKeys: servers.payloadKeys ?? null, namespace });
  const place = { connection: native, namespace, dataConverter };
  const client = new Client({ connection, namespace, dataConverter });
  const db = connectUnwalled(servers.databaseUrl);
  const worked = connect(servers.databaseUrl);
  const tools = makeTools(worked, servers.languageModel);
  const agent = startTwinAgent(db, houseProxy, (service, weights) =>
    tools.note(service, `applied ${weights}`),
  );
  let workers: Worker[] = [];
  let ended: Promise<unknown> = Promise.resolve();

  async function startWorkers(bundle?: Bundle): Promise<void> {
    const prebuilt =
      bundle ?? (await workflowBundle(join(tmpdir(), `holdfast-test-bundle-${process.getuid?.() ?? 0}`)));
    workers = [
      await createOperationsWorker(place, prebuilt, tools.worker),
      await createWatchWorker(place, tools.worker),
      await createNotificationsWorker(place, prebuilt, tools.notification),
    ];
    ended = Promise.all(workers.map((worker) => worker.run()));
    ended.catch(() => undefined);
  }

  async function stopWorkers(): Promise<void> {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    workers = [];
    await ended;
  }

  await startWorkers();
  return {
    ...tools,
    db,
    client,
    connection,
    namespace,
    agent,
    startWorkers,
    stopWorkers,
    async startReconciliation() {
      await client.workflow.start('reconciliation', {
        workflowId: 'reconciliation',
        taskQueue: 'operations',
        workflowIdConflictPolicy: 'USE_EXISTING',
      });
    },
    async close() {
      await stopWorkers();
      await tools.worker.clusters.threads.close();
      await agent.close();
      await native.close();
      await connection.close();
      await Promise.all([db.destroy(), worked.destroy()]);
    },
  };
}
