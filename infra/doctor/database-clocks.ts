import { sql } from 'kysely';
import type { Db } from '../../db/connect.ts';
import { judgeClock } from './clock.ts';
import type { Finding } from './finding.ts';

/** PostgreSQL's clock, and that of each proxy agent: its last report says when it was sent and the row when it came. */
export async function checkDatabaseClocks(db: Db): Promise<Finding[]> {
  const before = Date.now();
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  const after = Date.now();
  const theirs = rows[0]?.now.getTime() ?? after;
  const postgres = judgeClock({ whose: 'PostgreSQL', theirs, before, after, resolutionMs: 1 });
  return [postgres, ...(await checkAgentClocks(db))];
}

async function checkAgentClocks(db: Db): Promise<Finding[]> {
  const { rows } = await sql<{ name: string; sent: string; received: Date }>`
    select name, report->>'now' as sent, last_seen as received from proxy
    where report is not null and last_seen > clock_timestamp() - interval '1 minute' order by name`.execute(
    db,
  );
  return rows.map(({ name, sent, received }) => {
    const at = received.getTime();
    const whose = `the agent of proxy ${name}`;
    return judgeClock({ whose, theirs: Date.parse(sent), before: at, after: at, resolutionMs: 1000 });
  });
}
