import { Gauge, type Registry } from 'prom-client';
import type { Db } from '../../db/connect.ts';
import { clusteringCounts } from '../../db/feedback-clustering/status.ts';

/** Adds to the metrics of a project how many clusters there are, and how many items wait for one. */
export async function addClusteringMetrics(db: Db, project: string, registers: Registry[]): Promise<void> {
  const clusters = new Gauge({
    name: 'holdfast_feedback_clusters',
    help: 'Clusters of two items or more',
    labelNames: ['project'],
    registers,
  });
  const waiting = new Gauge({
    name: 'holdfast_feedback_items_waiting',
    help: 'Items by what they wait for: pending for a cluster, provisional for the exact comparison',
    labelNames: ['project', 'for'],
    registers,
  });
  const counts = await clusteringCounts(db, project);
  clusters.set({ project }, counts.clusters);
  for (const what of ['pending', 'provisional'] as const) waiting.set({ project, for: what }, counts[what]);
}
