import { loadConfig, requireDatabaseUrl } from '../../config.ts';
import { connect } from '../../db/connect.ts';
import { migrateToLatest } from '../../db/migrate.ts';
import { untilPostgresAnswers } from '../postgres/server.ts';

/** A process of its own, so that the supervisor needs no database client in memory. */
const url = requireDatabaseUrl(loadConfig(process.env));
await untilPostgresAnswers(url, 20_000);
const db = connect(url, { max: 1 });
try {
  for (const name of await migrateToLatest(db)) console.log(`migrated: ${name}`);
} finally {
  await db.destroy();
}
