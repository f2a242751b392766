import { Client, Connection } from '@temporalio/client';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig } from '../config.ts';
import { connectUnwalled, type Db } from '../db/connect.ts';
import { migrateToLatest } from '../db/migrate.ts';
import { startPostgres } from '../infra/postgres/server.ts';
import { temporalBinary } from '../infra/temporal/binary.ts';
import { startTemporal } from '../infra/temporal/server.ts';

/** A PostgreSQL and a Temporal with a file database of their own: what a benchmark of a part stands on. */
export interface Servers {
  readonly folder: string;
  readonly databaseUrl: string;
  readonly db: Db;
  readonly temporal: { readonly address: string; readonly namespace: string };
  readonly client: Client;
  /** Runs when the benchmark is over, the last first. */
  atEnd(close: () => Promise<unknown>): void;
}

export async function withServers<T>(use: (servers: Servers) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-bench-'));
  await chmod(folder, 0o711);
  const config = loadConfig(process.env);
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const atEnd = (close: () => Promise<unknown>): void => void closers.push(close);
  try {
    const postgres = await startPostgres(path.join(folder, 'postgres'));
    atEnd(() => postgres.stop());
    const binary = await temporalBinary({ cache: config.cache, binary: config.temporal.binary });
    const temporal = await startTemporal(binary, { folder, database: path.join(folder, 'temporal.db') });
    atEnd(() => temporal.stop());
    const db = connectUnwalled(postgres.url);
    atEnd(() => db.destroy());
    await migrateToLatest(db);
    const connection = await Connection.connect({ address: temporal.address });
    atEnd(() => connection.close());
    const client = new Client({ connection, namespace: temporal.namespace });
    return await use({ folder, databaseUrl: postgres.url, db, temporal, client, atEnd });
  } finally {
    for (const close of closers.reverse()) await close();
  }
}
