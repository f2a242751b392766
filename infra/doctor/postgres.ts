import { pendingMigrations } from '../../db/migrate.ts';
import type { Db } from '../../db/connect.ts';
import { askPostgres } from '../postgres/server.ts';
import { healthy, wrong, type Finding } from './finding.ts';

export async function checkPostgres(url: string): Promise<Finding> {
  try {
    await askPostgres(url);
    return healthy('postgres');
  } catch (error) {
    return wrong(
      'postgres',
      `PostgreSQL does not answer: ${(error as Error).message}`,
      'start it (embedded: holdfast up), or correct DATABASE_URL',
    );
  }
}

/** Only asked when PostgreSQL answers. */
export async function checkMigrations(db: Db): Promise<Finding> {
  const pending = await pendingMigrations(db);
  if (pending.length === 0) return healthy('migrations');
  return wrong(
    'migrations',
    `the database lacks ${pending.join(', ')}`,
    'holdfast down, then holdfast up: it migrates; with a DATABASE_URL of your own: node infra/stack/migrate.ts',
  );
}
