import { sql } from 'kysely';
import type { Db } from '../connect.ts';

/** Which order a proxy is to run. */
export interface ProxyOrder {
  readonly proxy: string;
  readonly project: string;
  readonly environment: string;
  /** null: none yet. */
  readonly order: { readonly sequence: number; readonly hash: string } | null;
}

/** The orders of many proxies in one statement; those that are not enrolled are left out. */
export async function ordersOf(db: Db, proxies: readonly string[]): Promise<ReadonlyMap<string, ProxyOrder>> {
  const { rows } = await sql<Row>`/* prepared */
    select f.proxy, f.project, f.environment, o.sequence, o.hash
    from unnest(${proxies}::text[]) as asked (proxy) join fleet_proxy f on f.proxy = asked.proxy and f.state = 'enrolled'
    left join config_order o on o.project = f.project and o.environment = f.environment and o.sequence = f.sequence`.execute(
    db,
  );
  return new Map(
    rows.map(({ proxy, project, environment, sequence, hash }) => {
      const order = sequence === null || hash === null ? null : { sequence, hash };
      return [proxy, { proxy, project, environment, order }];
    }),
  );
}

interface Row {
  readonly proxy: string;
  readonly project: string;
  readonly environment: string;
  readonly sequence: number | null;
  readonly hash: string | null;
}
