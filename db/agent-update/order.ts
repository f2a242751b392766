import { sql } from 'kysely';
import type { AgentUpdate } from '../../contracts/agent-update.ts';
import { OpsError } from '../../domain/errors.ts';
import { audit } from '../audit.ts';
import type { Db } from '../connect.ts';

export interface UpdateOrder {
  readonly project: string;
  readonly environment: string;
  readonly release: string;
  /** null: whatever they are called. */
  readonly proxies: readonly string[] | null;
  readonly region: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly expiresAt: Date;
  readonly by: string;
  readonly reason: string;
}

/** Orders a release for the enrolled proxies that fit, all or nothing. Throws `not-found` that names what is not there. */
export async function orderUpdate(db: Db, order: UpdateOrder): Promise<AgentUpdate> {
  return db.transaction().execute(async (tx) => {
    const version = await requireRelease(tx, order);
    const proxies = await fittingProxies(tx, order);
    const orders = await writeOrders(tx, order, proxies);
    for (const { proxy, sequence } of orders) {
      const { project, by, release, reason } = order;
      const detail = { release, version, sequence, reason, expiresAt: order.expiresAt.toISOString() };
      await audit(tx, {
        project,
        principal: by,
        action: 'proxy.order-update',
        subject: proxy,
        operationId: null,
        detail,
      });
    }
    return { release: order.release, version, expiresAt: order.expiresAt.toISOString(), orders };
  });
}

async function requireRelease(tx: Db, { project, release }: UpdateOrder): Promise<string> {
  const row = await tx
    .selectFrom('agent_release')
    .select('version')
    .where('project', '=', project)
    .where('sha256', '=', release)
    .executeTakeFirst();
  if (row) return row.version;
  throw new OpsError(
    'not-found',
    `project ${project} has no agent release ${release}; upload it: PUT /v1/projects/${project}/agent-releases/${release}`,
    { errors: [{ pointer: '/release', detail: 'is not there' }] },
  );
}

async function fittingProxies(tx: Db, order: UpdateOrder): Promise<string[]> {
  const { project, environment, proxies, region, labels } = order;
  let query = tx
    .selectFrom('fleet_proxy')
    .select('proxy')
    .where('project', '=', project)
    .where('environment', '=', environment)
    .where('state', '=', 'enrolled')
    .where(sql<boolean>`labels @> ${JSON.stringify(labels)}::jsonb`)
    .orderBy('proxy');
  if (proxies !== null) query = query.where('proxy', 'in', proxies);
  if (region !== null) query = query.where('region', '=', region);
  const found = (await query.execute()).map(({ proxy }) => proxy);
  const missing = (proxies ?? []).filter((proxy) => !found.includes(proxy));
  if (missing.length > 0) throw notFitting(order, missing.join(', '), '/proxies');
  if (found.length === 0) throw notFitting(order, 'that fits', '/environment');
  return found;
}

function notFitting({ project, environment }: UpdateOrder, what: string, pointer: string): OpsError {
  return new OpsError('not-found', `${project}/${environment} has no enrolled proxy ${what}`, {
    errors: [{ pointer, detail: `no enrolled proxy ${what}` }],
  });
}

async function writeOrders(
  tx: Db,
  { project, release, expiresAt, by, reason }: UpdateOrder,
  proxies: readonly string[],
): Promise<AgentUpdate['orders']> {
  const { rows } = await sql<{ proxy: string; sequence: number }>`
    insert into agent_order as o (proxy, project, sha256, ordered_by, reason, expires_at)
    select proxy, ${project}, ${release}, ${by}, ${reason}, ${expiresAt} from unnest(${proxies}::text[]) as given (proxy) order by proxy
    on conflict (proxy) do update set sequence = nextval('agent_order_sequence'), sha256 = excluded.sha256,
      ordered_by = excluded.ordered_by, reason = excluded.reason, ordered_at = clock_timestamp(), expires_at = excluded.expires_at
    returning proxy, sequence`.execute(tx);
  return rows;
}

/** What the newest order of a proxy says, for its signature. */
export interface OrderToSign {
  readonly project: string;
  readonly sequence: number;
  readonly version: string;
  readonly sha256: string;
  readonly size: number;
  readonly orderedAt: Date;
  readonly expiresAt: Date;
}

/** null: the proxy was ordered none, or is not enrolled. */
export async function orderOfProxy(db: Db, proxy: string): Promise<OrderToSign | null> {
  const row = await db
    .selectFrom('agent_order as o')
    .innerJoin('fleet_proxy as f', 'f.proxy', 'o.proxy')
    .innerJoin('agent_release as r', (join) =>
      join.onRef('r.project', '=', 'o.project').onRef('r.sha256', '=', 'o.sha256'),
    )
    .select(['o.project', 'o.sequence', 'r.version', 'r.sha256', 'r.size'])
    .select(['o.ordered_at as orderedAt', 'o.expires_at as expiresAt'])
    .where('o.proxy', '=', proxy)
    .where('f.state', '=', 'enrolled')
    .executeTakeFirst();
  return row ?? null;
}
