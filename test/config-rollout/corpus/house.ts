import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import { ulid } from 'ulid';
import { inject } from 'vitest';
import type { ApiAccess } from '../../../bench/ask-api.ts';
import { fleetProcesses } from '../../../bench/fleet/processes.ts';
import { adminKey } from '../../../bench/processes.ts';
import { connectUnwalled } from '../../../db/connect.ts';
import { workflowBundle } from '../../../workers/bundle.ts';
import { testDatabase } from '../../support/postgres.ts';
import { makeNamespace } from '../../support/rollout-house/namespace.ts';
import { keepCertificates } from './certificates.ts';
import { openLane, type Lane } from './lane.ts';

/** One platform, its API and its worker being processes, and fleets of real proxies that it looks after. */
export interface CorpusHouse {
  readonly api: ApiAccess;
  readonly lanes: readonly Lane[];
  close(): Promise<void>;
}

export async function openCorpusHouse(laneCount: number): Promise<CorpusHouse> {
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closers.reverse()) await end();
  };
  try {
    const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-corpus-'));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const api = await startPlatform(folder, closers);
    const certificates = keepCertificates();
    closers.push(() => certificates.remove());
    const opened = Array.from({ length: laneCount }, (_, index) => openLane(api, index, certificates.names));
    for (const result of await Promise.allSettled(opened))
      if (result.status === 'fulfilled') closers.push(() => result.value.close());
    return { api, lanes: await Promise.all(opened), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startPlatform(folder: string, closers: (() => unknown)[]): Promise<ApiAccess> {
  const database = await testDatabase();
  closers.push(() => database.close());
  const db = connectUnwalled(database.url);
  closers.push(() => db.destroy());
  await lendBundle(folder);
  const { address } = inject('temporal');
  const connection = await Connection.connect({ address });
  closers.push(() => connection.close());
  const namespace = `corpus-${ulid().toLowerCase()}`;
  await makeNamespace(connection, namespace);
  const place = { folder, databaseUrl: database.url, temporal: { address, namespace } };
  const { api, worker, base } = await fleetProcesses(place);
  closers.push(() => Promise.all([api.stop(), worker.stop()]));
  await Promise.all([api.start(), worker.start()]);
  return { base, key: await adminKey(db) };
}

/** The workflows as other tests of this run have bundled them. */
async function lendBundle(home: string): Promise<void> {
  const shared = path.join(tmpdir(), `holdfast-test-bundle-${process.getuid?.() ?? 0}`);
  await workflowBundle(shared);
  await symlink(shared, path.join(home, 'build'));
}
