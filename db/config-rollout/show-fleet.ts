import { sql } from 'kysely';
import type { ConfigReport } from '../../contracts/config-bundle.ts';
import type { FleetProxy } from '../../contracts/proxy-enrollment.ts';
import type { Db } from '../connect.ts';
import { noProxy } from './fleet.ts';

interface Page {
  readonly environment?: string | undefined;
  /** Only those after this name. */
  readonly after: string | null;
  readonly limit: number;
}

/** The proxies of a project by name, as the control plane knows them. */
export async function listFleet(db: Db, project: string, page: Page): Promise<FleetProxy[]> {
  let query = fleet(db).where('f.project', '=', project).orderBy('f.proxy').limit(page.limit);
  if (page.environment !== undefined) query = query.where('f.environment', '=', page.environment);
  if (page.after !== null) query = query.where('f.proxy', '>', page.after);
  return (await query.execute()).map(shown);
}

/** Throws `not-found`. */
export async function requireFleetProxy(db: Db, project: string, proxy: string): Promise<FleetProxy> {
  const row = await fleet(db)
    .where('f.project', '=', project)
    .where('f.proxy', '=', proxy)
    .executeTakeFirst();
  if (!row) throw noProxy(project, proxy);
  return shown(row);
}

function fleet(db: Db) {
  return db
    .selectFrom('fleet_proxy as f')
    .leftJoin('config_order as o', (join) =>
      join
        .onRef('o.project', '=', 'f.project')
        .onRef('o.environment', '=', 'f.environment')
        .onRef('o.sequence', '=', 'f.sequence'),
    )
    .leftJoin('config_report as r', 'r.proxy', 'f.proxy')
    .leftJoin('agent_order as a', 'a.proxy', 'f.proxy')
    .leftJoin('agent_release as s', (join) =>
      join.onRef('s.project', '=', 'a.project').onRef('s.sha256', '=', 'a.sha256'),
    )
    .select(['a.sequence as updateSequence', 's.version as updateVersion', 'a.ordered_at as updateOrderedAt'])
    .select(['f.proxy', 'f.project', 'f.environment', 'f.region', 'f.labels', 'f.address', 'f.state'])
    .select(['f.owner', 'o.sequence', 'o.hash', 'r.outcome', 'r.report', 'r.reported_at'])
    .select(
      sql<string | null>`coalesce(o.revision, case when o.hash is not null then ${noFile} end)`.as(
        'revision',
      ),
    )
    .select(
      sql<boolean>`coalesce(r.running_sequence = o.sequence and r.running_hash = o.hash and r.outcome = 'proven', false)`.as(
        'isProven',
      ),
    )
    .select(
      sql<number | null>`round(extract(epoch from clock_timestamp() - r.reported_at) * 1000)::float8`.as(
        'silentMs',
      ),
    );
}

/** The revision of an order without one, which means the operator's own file: sha256 of nothing. */
export const noFile = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

type Row = Awaited<ReturnType<ReturnType<typeof fleet>['execute']>>[number];

function shown(row: Row): FleetProxy {
  const { proxy, project, environment, region, labels, address, state, owner, outcome, isProven } = row;
  const report: ConfigReport | null = row.report;
  // What came of an order that is no longer the newest is not told as that of the newest.
  const isOlder = (report?.attempted?.sequence ?? Infinity) < (row.sequence ?? 0);
  return {
    ...{ proxy, project, environment, region, labels, address, state, owner, isProven },
    outcome: isOlder ? null : outcome,
    desired: desiredOf(row),
    running: report?.running ?? null,
    failure: isOlder ? null : (report?.failure ?? null),
    drift: report?.drift ?? null,
    haproxyVersion: report?.haproxy.version ?? null,
    agentVersion: report?.agentVersion ?? null,
    agentUpdate: updateOf(row),
    reportedAt: row.reported_at?.toISOString() ?? null,
    silentMs: row.silentMs,
  };
}

/** As with configurations: only what came of the newest. */
function updateOf({
  updateSequence,
  updateVersion,
  updateOrderedAt,
  report,
}: Row): FleetProxy['agentUpdate'] {
  if (updateSequence === null || updateVersion === null || updateOrderedAt === null) return null;
  const told = report?.agentUpdate?.sequence === updateSequence ? report.agentUpdate : null;
  const ordered = {
    sequence: updateSequence,
    version: updateVersion,
    orderedAt: updateOrderedAt.toISOString(),
  };
  return { ...ordered, outcome: told?.outcome ?? null, failure: told?.failure ?? null };
}

function desiredOf({ revision, sequence, hash }: Row): FleetProxy['desired'] {
  return revision === null || sequence === null || hash === null ? null : { revision, sequence, hash };
}
