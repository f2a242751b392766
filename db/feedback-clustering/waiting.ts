import { sql } from 'kysely';
import type { Db } from '../connect.ts';

/** Projects in which something has been waiting for its clustering for longer than `olderMs`: items, told again, jobs, commands. */
export async function projectsToWake(db: Db, olderMs: number): Promise<string[]> {
  const old = sql`now() - ${olderMs} * interval '1 ms'`;
  const { rows } = await sql<{ project: string }>`
    select distinct project from feedback_item
      where clustering = 'pending' and received_at < ${old} and (retry_at is null or retry_at < ${old})
    union select distinct t.project from feedback_told t join feedback_item i on i.id = t.item_id where i.clustering = 'clustered'
    union select project from cluster_job where state in ('pending', 'running') and created_at < ${old}
    union select c.project from command c join operation o on o.id = c.operation_id
      where c.state = 'pending' and o.kind = 'feedback-clustering' and c.created_at < ${old}`.execute(db);
  return rows.map(({ project }) => project);
}
