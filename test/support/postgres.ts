import pg from 'pg';
import { ulid } from 'ulid';
import { inject } from 'vitest';

export interface TestDatabase {
  readonly url: string;
  close(): Promise<void>;
}

const template = 'migrated';

/** A database of its own with the newest schema, for one test file; `close` drops it. */
export async function testDatabase(): Promise<TestDatabase> {
  const name = `test_${ulid().toLowerCase()}`;
  await withAdmin(async (admin) => {
    await makeTemplate(admin);
    await admin.query(`create database ${name} template ${template} strategy file_copy`);
  });
  return {
    url: urlOf(name),
    close: () =>
      withAdmin(async (admin) => void (await admin.query(`drop database if exists ${name} with (force)`))),
  };
}

/** The first file of a run migrates the template; the others wait for it and copy. */
async function makeTemplate(admin: pg.Client): Promise<void> {
  await admin.query('select pg_advisory_lock(1)');
  try {
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [template]);
    if (rowCount === 1) return;
    const part = `${template}_${process.pid}`;
    await admin.query(`drop database if exists ${part} with (force)`);
    await admin.query(`create database ${part}`);
    await migrate(urlOf(part));
    await admin.query(`alter database ${part} rename to ${template}`);
  } finally {
    await admin.query('select pg_advisory_unlock(1)');
  }
}

async function migrate(url: string): Promise<void> {
  const { connectUnwalled } = await import('../../db/connect.ts');
  const { migrateToLatest } = await import('../../db/migrate.ts');
  const db = connectUnwalled(url, { max: 1 });
  try {
    await migrateToLatest(db);
  } finally {
    await db.destroy();
  }
}

async function withAdmin<T>(use: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: inject('postgresUrl') });
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.end();
  }
}

function urlOf(database: string): string {
  return inject('postgresUrl').replace('/holdfast?', `/${database}?`);
}
