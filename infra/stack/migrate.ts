import { loadConfig, requireDatabaseUrl } from '../../config.ts';
import { connectUnwalled } from '../../db/connect.ts';
import { migrateToLatest } from '../../db/migrate.ts';
import { enrolOwnProxy } from '../../db/config-rollout/enrol-own-proxy.ts';
import { ensureKeys } from './keys.ts';
import { untilPostgresAnswers } from '../postgres/server.ts';

/** A process of its own, so that the supervisor needs no database client in memory. */
const config = loadConfig(process.env);
const url = config.migrationDatabaseUrl ?? requireDatabaseUrl(config);
await untilPostgresAnswers(url, 20_000);
const db = connectUnwalled(url, { max: 1 });
try {
  for (const name of await migrateToLatest(db)) console.log(`migrated: ${name}`);
  await ensureKeys(db, config);
  const { project, principal: by, agent } = config;
  const { proxy, environment } = agent;
  await enrolOwnProxy(db, { project, environment, proxy, address: '127.0.0.1', by });
} finally {
  await db.destroy();
}
