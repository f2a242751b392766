import { sql } from 'kysely';
import type { ClusteringStatus } from '../../contracts/feedback-clustering.ts';
import type { Db } from '../connect.ts';

type Counts = Pick<
  ClusteringStatus,
  'pending' | 'provisional' | 'quarantined' | 'items' | 'clusters' | 'isClustering'
>;

/** How much there is and how much of it waits. */
export async function clusteringCounts(db: Db, project: string): Promise<Counts> {
  const { rows } = await sql<Counts>`select
      count(*) filter (where clustering = 'pending')::int as pending,
      count(*) filter (where clustering = 'clustered' and (membership->>'provisional')::boolean)::int as provisional,
      count(*) filter (where clustering = 'quarantined')::int as quarantined,
      count(*)::int as items,
      (select count(*)::int from feedback_cluster where project = ${project} and redirect_to is null and size > 1) as clusters,
      exists (select from cluster_job where project = ${project} and state = 'running') as "isClustering"
    from feedback_item where project = ${project}`.execute(db);
  const [counts] = rows;
  return counts ?? { pending: 0, provisional: 0, quarantined: 0, items: 0, clusters: 0, isClustering: false };
}
