import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { inject } from 'vitest';
import { connect, connectUnwalled, type Db } from '../../db/connect.ts';
import { putSource } from '../../db/feedback/source.ts';
import { createDataConverter } from '../../payload-codec/data-converter.ts';
import { createFeedbackPollers } from '../../providers/feedback-source/index.ts';
import { createSecrets } from '../../providers/secret/reference.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import { createFeedbackWorker } from '../../workers/feedback.ts';
import { makeNamespace } from '../support/rollout-house/namespace.ts';
import { testDatabase } from '../support/postgres.ts';
import { fakeGithub, type FakeGithub } from './fake-github.ts';

export interface SyncHouse {
  readonly db: Db;
  readonly client: Client;
  readonly github: FakeGithub;
  /** Sets a source of GitHub in the project `default`. */
  put(name: string, repositories: string[], enabled?: boolean, every?: string): Promise<boolean>;
  close(): Promise<void>;
}

/** All that reading a source needs: a database, a worker on a namespace of its own, and a GitHub to read. */
export async function openSyncHouse(): Promise<SyncHouse> {
  const database = await testDatabase();
  const [db, served] = [connectUnwalled(database.url), connect(database.url)];
  const github = await fakeGithub();
  const { address } = inject('temporal');
  const connection = await Connection.connect({ address });
  const native = await NativeConnection.connect({ address });
  const namespace = `feedback-${ulid().toLowerCase()}`;
  await makeNamespace(connection, namespace);
  const dataConverter = createDataConverter({ payloadKeys: null, namespace });
  const bundle = await workflowBundle(join(tmpdir(), `holdfast-test-bundle-${process.getuid?.() ?? 0}`));
  const urls = { github: github.url, gitlab: github.url, reddit: github.url, redditApi: github.url };
  const worker = await createFeedbackWorker({ connection: native, namespace, dataConverter }, bundle, {
    ...{ db: served, pollers: createFeedbackPollers(urls), redditSubreddits: [], newId: () => ulid() },
    secrets: createSecrets({}),
  });
  const ended = worker.run();
  return {
    ...{ db, github, client: new Client({ connection, namespace, dataConverter }) },
    put: (name, repositories, enabled = true, every) =>
      putSource(db, {
        ...{ project: 'default', name, principal: 'ann', allow: () => undefined },
        spec: {
          ...{ kind: 'github', enabled, secret: null, filter: {}, dailyQuota: null },
          settings: { repositories, ...(every === undefined ? {} : { every }) },
        },
      }),
    async close() {
      worker.shutdown();
      await ended;
      await native.close();
      await connection.close();
      await github.close();
      await Promise.all([db.destroy(), served.destroy()]);
      await database.close();
    },
  };
}
