import { sql } from 'kysely';
import type { Environment } from '../../contracts/config-revision.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Db } from '../connect.ts';

/** By name, each with what its proxies are known to run. */
export function listEnvironments(db: Db, project: string): Promise<Environment[]> {
  return environments(db, project, null);
}

export async function findEnvironment(db: Db, project: string, name: string): Promise<Environment | null> {
  const [environment] = await environments(db, project, name);
  return environment ?? null;
}

export async function requireEnvironment(db: Db, project: string, name: string): Promise<Environment> {
  const environment = await findEnvironment(db, project, name);
  if (environment !== null) return environment;
  throw new OpsError(
    'not-found',
    `project ${project} has no environment ${name}; the first configuration makes it: holdfast config put FILE --env ${name}`,
  );
}

/** Proven as the rollouts mean it: HAProxy itself answers the hash of the order that the proxy has. */
async function environments(db: Db, project: string, name: string | null): Promise<Environment[]> {
  const { rows } = await sql<Environment>`
    select e.project, e.name, e.head, live.revision as live, previous.revision as previous,
      fleet.proxies, fleet.proven, fleet.drifting, o.id as rollout, e.settings
    from config_environment e
    left join config_order live on live.project = e.project and live.environment = e.name
      and live.sequence = e.live_sequence
    left join config_order previous on previous.project = e.project and previous.environment = e.name
      and previous.sequence = e.previous_sequence
    left join operation o on o.project = e.project and o.kind = 'config-rollout' and o.target = e.name
      and o.status <> 'closed'
    cross join lateral (
      select count(*)::int as proxies,
        count(*) filter (where r.outcome = 'proven' and r.running_sequence = f.sequence
          and r.running_hash = ordered.hash)::int as proven,
        count(*) filter (where not (r.report #> '{drift,mended}')::boolean)::int as drifting
      from fleet_proxy f
      left join config_report r on r.proxy = f.proxy and r.project = f.project
      left join config_order ordered on ordered.project = f.project and ordered.environment = f.environment
        and ordered.sequence = f.sequence
      where f.project = e.project and f.environment = e.name and f.state = 'enrolled'
    ) fleet
    where e.project = ${project} and (${name}::text is null or e.name = ${name})
    order by e.name`.execute(db);
  return rows;
}
