import { createHash } from 'node:crypto';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Database } from './schema.ts';

export type Db = Kysely<Database>;

const bigintOid = 20;
const pools = new WeakMap<Db, pg.Pool>();

/** A pool of connections. Bigints come as numbers: tokens, revisions and seconds stay far below 2^53. */
export function connect(url: string, options: { max?: number } = {}): Db {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? 10,
    connectionTimeoutMillis: 5000,
    Client: PreparingClient,
    types: {
      getTypeParser: (oid: number, format) =>
        oid === bigintOid ? Number : (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
    },
  });
  // An idle connection that dies with the server is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  pools.set(db, pool);
  return db;
}

/** Connections of the pool, for the metrics; `waiting` counts requests without one. */
export function poolStatus(db: Db): { idle: number; busy: number; waiting: number } {
  const pool = pools.get(db);
  if (pool === undefined) return { idle: 0, busy: 0, waiting: 0 };
  return { idle: pool.idleCount, busy: pool.totalCount - pool.idleCount, waiting: pool.waitingCount };
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
