import { sql } from 'kysely';
import { ulid } from 'ulid';
import { keyRecordOf, newSecret } from '../../db/access/secret.ts';
import type { Db } from '../../db/connect.ts';

export interface SimulatedProxy {
  readonly proxy: string;
  readonly key: string;
}

interface Wanted {
  readonly environment: string;
  /** Names are `<prefix>-<number>`. */
  readonly prefix: string;
  readonly count: number;
  readonly regionOf?: (index: number) => string | null;
  readonly labelsOf?: (index: number) => Readonly<Record<string, string>>;
}

/**
 * The rows that so many enrolments leave, written straight into the database: thousands through the API one by one would take minutes
 * that no benchmark is about. The environment has to be there; whoever enrols gets its live order. `db` has to be unwalled.
 */
export async function insertSimulatedProxies(db: Db, wanted: Wanted): Promise<SimulatedProxy[]> {
  const { environment, prefix, count, regionOf = () => null, labelsOf = () => ({}) } = wanted;
  const proxies = Array.from({ length: count }, (_, index) => ({
    proxy: `${prefix}-${index}`,
    key: newSecret(),
  }));
  const names = proxies.map(({ proxy }) => proxy);
  const records = proxies.map(({ key }) => keyRecordOf(key));
  await db.transaction().execute(async (tx) => {
    await sql`insert into principal (id, kind)
      select 'proxy:' || given.proxy, 'proxy' from unnest(${names}::text[]) as given (proxy)`.execute(tx);
    await sql`insert into api_key (id, project, principal, name, prefix, hash, scopes, created_by)
      select given.id, 'default', 'proxy:' || given.proxy, 'agent of ' || given.proxy, given.prefix, given.hash,
        jsonb_build_array('proxy:' || given.proxy), 'proxy:' || given.proxy
      from unnest(${names.map(() => ulid())}::text[], ${names}::text[],
        ${records.map((record) => record?.prefix ?? '')}::text[], ${records.map((record) => record?.hash ?? null)}::bytea[])
        as given (id, proxy, prefix, hash)`.execute(tx);
    await sql`insert into fleet_proxy (proxy, project, environment, region, labels, state, invited_by, enrolled_at, sequence, ordered_at)
      select given.proxy, 'default', e.name, given.region, given.labels, 'enrolled', 'bench', now(), e.live_sequence,
        case when e.live_sequence is null then null else clock_timestamp() end
      from unnest(${names}::text[], ${names.map((_, index) => regionOf(index))}::text[],
        ${names.map((_, index) => JSON.stringify(labelsOf(index)))}::jsonb[]) as given (proxy, region, labels)
      join config_environment e on e.project = 'default' and e.name = ${environment}`.execute(tx);
  });
  // As the database itself does within a minute; without it the first statements are planned for empty tables.
  await sql`analyze principal, api_key, fleet_proxy`.execute(db);
  return proxies;
}
