import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { stringify } from 'yaml';
import { buildApp } from '../../../api/app.ts';
import type { ConfigPlanInput } from '../../../contracts/config-plan.ts';
import { connect } from '../../../db/connect.ts';
import { createNotifications } from '../../../db/notifications.ts';
import { createHaproxyCheck } from '../../../providers/config-check/haproxy.ts';
import { holdfast, type Run } from '../../cli/support.ts';
import { keyOfPerson } from '../../support/access.ts';
import { makeFleet, type Fleet } from '../../support/fleet-house/fleet.ts';
import { testDatabase } from '../../support/postgres.ts';
import { openHouse } from '../../support/rollout-house.ts';
import { testSigner } from '../../support/fleet.ts';
import { shopYaml } from './house.ts';

export interface RolloutsHouse {
  readonly url: string;
  /** Keys: ada starts, bob approves. */
  readonly keys: { readonly ada: string; readonly bob: string };
  /** `holdfast config …` as ada. */
  config(...argv: string[]): Promise<Run>;
  /** An environment with three proxies, the first of them in the region `eu`. */
  fleet(): Promise<Fleet>;
  /** The shop with this weight of its cart, in a file of its own for the environment. */
  shop(environment: string, cart: number): Promise<string>;
  plan(name: string, plan: ConfigPlanInput): Promise<string>;
  close(): Promise<void>;
}

/** The command line on a real API with real workers, and twins of agents. */
export async function rolloutsHouse(): Promise<RolloutsHouse> {
  const database = await testDatabase();
  const house = await openHouse({
    databaseUrl: database.url,
    temporalAddress: inject('temporal').address,
  });
  const db = connect(database.url);
  const notifications = createNotifications(database.url);
  const signer = await testSigner();
  const app = await buildApp({
    ...{ db, notifications, signer, temporal: () => house.client, taskQueue: 'operations' },
    configCheck: createHaproxyCheck({ haproxy: 'haproxy', scratch: tmpdir() }),
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const keys = { ada: await keyOfPerson(house.db, 'ada'), bob: await keyOfPerson(house.db, 'bob') };
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-rollouts-cli-'));
  const fleets: Fleet[] = [];

  async function file(name: string, text: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  }

  return {
    url,
    keys,
    config: (...argv) => holdfast(url, keys.ada, ['config', ...argv]),
    async fleet() {
      const fleet = await makeFleet(house.db, [{ region: 'eu' }, { region: 'us' }, { region: 'us' }]);
      fleets.push(fleet);
      return fleet;
    },
    shop: (environment, cart) => file(`${environment}.yml`, shopYaml({ cart })),
    plan: (name, plan) => file(name, stringify(plan)),
    async close() {
      for (const fleet of fleets) fleet.close();
      await app.close();
      await house.close();
      await notifications.close();
      await db.destroy();
      await signer.close();
      await database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
