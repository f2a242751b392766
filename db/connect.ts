import { createHash } from 'node:crypto';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { applicationRole } from './application-role.ts';
import { everyProject } from '../domain/access/roles.ts';
import { OpsError } from '../domain/errors.ts';
import type { Database } from './schema.ts';
import { currentScope } from './scope.ts';

export type Db = Kysely<Database>;

interface PoolOptions {
  readonly max?: number;
}

const bigintOid = 20;
const pools = new WeakMap<Db, pg.Pool>();

/**
 * A pool of connections as the application: each works as `holdfast_app` and in the scope of whoever takes it (scope.ts), whatever
 * role the URL names. Bigints come as numbers: tokens, revisions and seconds stay far below 2^53.
 */
export function connect(url: string, options: PoolOptions = {}): Db {
  const pool = newPool(url, options);
  return open(pool, () => takeAs(pool, applicationRole, currentScope()));
}

/** As the role that the URL names, over every project: for migrations and the doctor. An owner that is no superuser is bound as well. */
export function connectUnwalled(url: string, options: PoolOptions = {}): Db {
  const pool = newPool(url, options);
  return open(pool, () => takeAs(pool, null, everyProject));
}

/** Connections of the pool, for the metrics; `waiting` counts requests without one. */
export function poolStatus(db: Db): { idle: number; busy: number; waiting: number } {
  const pool = pools.get(db);
  if (pool === undefined) return { idle: 0, busy: 0, waiting: 0 };
  return { idle: pool.idleCount, busy: pool.totalCount - pool.idleCount, waiting: pool.waitingCount };
}

function newPool(url: string, { max = 10 }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: 5000,
    // A server that vanished without a word is noticed also on a connection that waits for it.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    Client: PreparingClient,
    types: {
      getTypeParser: (oid: number, format) =>
        oid === bigintOid ? Number : (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
    },
  });
  // An idle connection that dies with the server is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);
  // One that somebody holds tells it by its next query; without a listener of its own it would end the process as well.
  pool.on('connect', (client) => void client.on('error', () => undefined));
  return pool;
}

function open(pool: pg.Pool, take: () => Promise<pg.PoolClient>): Db {
  const db = new Kysely<Database>({
    dialect: new PostgresDialect({ pool: { options: pool.options, connect: take, end: () => pool.end() } }),
  });
  pools.set(db, pool);
  return db;
}

/** The scope that a connection is in; it changes hands far more often than that changes. */
const scopeOf = new WeakMap<pg.PoolClient, string>();

async function takeAs(pool: pg.Pool, role: string | null, scope: string): Promise<pg.PoolClient> {
  const client = await pool.connect();
  try {
    const before = scopeOf.get(client);
    if (before === undefined && role !== null) await client.query(`set role ${role}`);
    if (before !== scope)
      await client.query(`${marker} select set_config('holdfast.project', $1, false)`, [scope]);
    scopeOf.set(client, scope);
    return client;
  } catch (error) {
    // In which scope it is now is not known: nobody may get it.
    client.release(true);
    throw roleIsMissing(error) ? noRole(error) : error;
  }
}

function roleIsMissing(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === '22023' || code === '42704' || code === '42501';
}

function noRole(cause: unknown): OpsError {
  const remedy = 'migrate it (node infra/stack/migrate.ts), and let the user of DATABASE_URL be a member';
  const why = (cause as Error).message;
  return new OpsError(
    'unavailable',
    `the database lets nobody be ${applicationRole} (${why}): ${remedy}`,
    {},
    cause,
  );
}

const marker = '/* prepared */';

/** Statements that begin with the marker are parsed and planned once a connection: those where a millisecond counts. */
class PreparingClient extends pg.Client {
  override query(...args: unknown[]): never {
    const [text, values] = args;
    const isMarked = typeof text === 'string' && text.startsWith(marker);
    const query = super.query as (...args: unknown[]) => never;
    if (!isMarked) return query.apply(this, args);
    return query.call(this, { name: nameOf(text), text, values });
  }
}

const names = new Map<string, string>();

function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = createHash('sha256').update(text).digest('hex').slice(0, 32);
  names.set(text, name);
  return name;
}
