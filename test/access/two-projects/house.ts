import type { Client } from '@temporalio/client';
import { buildApp } from '../../../api/app.ts';
import type { App } from '../../../api/dependencies.ts';
import { connect, connectUnwalled, type Db } from '../../../db/connect.ts';
import { createNotifications } from '../../../db/notifications.ts';
import { OpsError } from '../../../domain/errors.ts';
import { keyOfPerson } from '../../support/access.ts';
import { testSigner } from '../../support/fleet.ts';
import { testDatabase } from '../../support/postgres.ts';
import { fillProject, type Known } from './rows.ts';

/** Which of the two walls between projects stand. */
export interface Walls {
  readonly filters: boolean;
  readonly rows: boolean;
}

/** Two projects of one installation, alike down to the names of their services; `sue` is an admin of `south` and nothing in `north`. */
export interface House {
  /** Sees everything, for looking on. */
  readonly eyes: Db;
  /** As the API and the workers have it, with or without row-level security. */
  readonly db: Db;
  readonly app: App;
  readonly suesKey: string;
  readonly north: Known;
  readonly south: Known;
  close(): Promise<void>;
}

/** No Temporal answers: what can be learned of a project must not depend on it, and everything is written before it is asked. */
const noTemporal = (): Promise<Client> =>
  Promise.reject(new OpsError('unavailable', 'there is no Temporal here'));

const silence = { status: 204, route: null, backend: null, headers: {}, body: '' };

export async function openTwoProjects(walls: Walls): Promise<House> {
  const database = await testDatabase();
  const eyes = connectUnwalled(database.url);
  const db = (walls.rows ? connect : connectUnwalled)(database.url);
  const notifications = createNotifications(database.url);
  const signer = await testSigner();
  const app = await buildApp({
    ...{ db, notifications, signer, temporal: noTemporal, taskQueue: 'nobody' },
    ...{ requestsPerMinute: 1_000_000_000, operationsPerProject: 10_000 },
    // Nothing of the walls depends on what HAProxy says.
    configCheck: { check: () => Promise.resolve([]) },
    shadowRun: { replay: (_config, requests) => Promise.resolve(requests.map(() => silence)) },
  });
  const installationKey = await keyOfPerson(eyes, 'ada');
  const [north, south] = [
    await fillProject({ app, eyes, key: installationKey, project: 'north' }),
    await fillProject({ app, eyes, key: installationKey, project: 'south' }),
  ];
  return {
    ...{ eyes, db, app, north, south },
    suesKey: await keyOfAdmin(eyes, 'sue', 'south'),
    async close() {
      await app.close();
      await notifications.close();
      await signer.close();
      await Promise.all([db.destroy(), eyes.destroy()]);
      await database.close();
    },
  };
}

/** A key that is as wide as its owner, who is an admin of one project. */
async function keyOfAdmin(eyes: Db, principal: string, project: string): Promise<string> {
  const secret = await keyOfPerson(eyes, principal);
  await eyes.updateTable('membership').set({ project }).where('principal', '=', principal).execute();
  return secret;
}
