import type { Agent } from '../../domain/config-rollout/waves.ts';
import type { Db } from '../connect.ts';

/** The proxies of an environment that a rollout is planned over. */
export async function enrolledProxies(db: Db, project: string, environment: string): Promise<Agent[]> {
  const rows = await db
    .selectFrom('fleet_proxy')
    .select(['proxy', 'region', 'labels'])
    .where('project', '=', project)
    .where('environment', '=', environment)
    .where('state', '=', 'enrolled')
    .orderBy('proxy')
    .execute();
  return rows.map(({ proxy, region, labels }) => ({ name: proxy, region: region ?? '', labels }));
}

/** The names of a wave, sorted. */
export async function waveProxies(db: Db, operationId: string, wave: number): Promise<string[]> {
  const rows = await db
    .selectFrom('config_rollout_proxy')
    .select('proxy')
    .where('operation_id', '=', operationId)
    .where('wave', '=', wave)
    .orderBy('proxy')
    .execute();
  return rows.map(({ proxy }) => proxy);
}
