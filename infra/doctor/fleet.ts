import { sql } from 'kysely';
import type { ConfigDrift } from '../../contracts/config-bundle.ts';
import type { Db } from '../../db/connect.ts';
import { healthy, wrong, type Finding } from './finding.ts';

/** An agent tells of its configuration every 10 s, and of changes at once. */
const longestSilenceSeconds = 35;

interface FleetRow {
  readonly proxy: string;
  readonly project: string;
  readonly environment: string;
  /** The order that it is to run; null: none. */
  readonly sequence: number | null;
  readonly attempted: number | null;
  readonly outcome: string | null;
  readonly refusal: string | null;
  readonly failure: string | null;
  readonly drift: ConfigDrift | null;
  /** Since anything was heard of its agent, or could have been. */
  readonly silentSeconds: number;
  /** The same of its configuration. */
  readonly untoldSeconds: number;
}

/** Each proxy that enrolled in an environment, and what its agent tells of the configuration that it was ordered. */
export async function checkFleet(db: Db): Promise<Finding[]> {
  const { rows } = await sql<FleetRow>`
    select f.proxy, f.project, f.environment, f.sequence, r.attempted_sequence as attempted, r.outcome,
      r.report->>'refusal' as refusal, r.report->>'failure' as failure, r.report->'drift' as drift,
      ${secondsSince('f.enrolled_at, f.ordered_at, r.reported_at, p.last_seen')} as "silentSeconds",
      ${secondsSince('f.ordered_at, r.reported_at')} as "untoldSeconds"
    from fleet_proxy f left join config_report r on r.proxy = f.proxy left join proxy p on p.name = f.proxy
    where f.state = 'enrolled' order by f.project, f.environment, f.proxy`.execute(db);
  return rows.map(judge);
}

/** `greatest` passes over what is null. */
function secondsSince(columns: string) {
  return sql<number>`round(extract(epoch from clock_timestamp() - greatest(${sql.raw(columns)})))::float8`;
}

function judge(row: FleetRow): Finding {
  const { proxy, project, environment, drift } = row;
  const title = `configuration of proxy ${proxy} (${project}/${environment})`;
  const see = `look at it: holdfast proxy show ${proxy} --project ${project}`;
  if (row.silentSeconds > longestSilenceSeconds) return wrong(title, silence(row), startAgent(row));
  if (row.refusal === 'unknown-key') return wrong(title, `it does not trust the signing key`, trustKey);
  if (drift !== null && !drift.mended) return wrong(title, driftText(drift), mend(drift, row));
  if (row.sequence === null) return healthy(title);
  if (row.untoldSeconds > longestSilenceSeconds)
    return wrong(title, `its agent tells nothing of order ${row.sequence}`, 'look at the log of its agent');
  const isTried = row.attempted === row.sequence;
  if (!isTried || row.outcome === null || row.outcome === 'proven') return healthy(title);
  return wrong(title, `order ${row.sequence} is ${row.outcome}: ${row.failure ?? 'no reason'}`, see);
}

function silence({ silentSeconds }: FleetRow): string {
  return `it is enrolled, and its agent was not heard for ${silentSeconds} s`;
}

function startAgent({ proxy, project }: FleetRow): string {
  return `start its agent (node proxy-agent/main.ts), or let it go: holdfast proxy remove ${proxy} --project ${project} --reason REASON`;
}

const trustKey =
  'append signing-key.pub.pem of the state folder of the API to HOLDFAST_PROXY_CONFIG_KEYS of its agent, or enrol it anew';

function driftText({ kind, detail, since }: ConfigDrift): string {
  return `it is not as ordered since ${since}: ${kind}: ${detail}`;
}

function mend({ policy }: ConfigDrift, { environment, project }: FleetRow): string {
  const place = `--env ${environment} --project ${project}`;
  return policy === 'revert'
    ? 'its agent brings it back; its log says why that takes so long'
    : `undo the change on its host, or have it undone: drift: revert, by holdfast config env set ${place}`;
}
