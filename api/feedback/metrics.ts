import { Gauge, type Registry } from 'prom-client';
import type { Db } from '../../db/connect.ts';
import { sourceStats } from '../../db/feedback/source-stats.ts';

/** Adds what comes in to the metrics of a project: by source, what it came to within 24 hours, and what waits for somebody. */
export async function addFeedbackMetrics(db: Db, project: string, registers: Registry[]): Promise<void> {
  const deliveries = new Gauge({
    name: 'holdfast_feedback_deliveries_24h',
    help: 'Deliveries of feedback within 24 hours by source and what they came to',
    labelNames: ['project', 'source', 'outcome'],
    registers,
  });
  const quarantined = new Gauge({
    name: 'holdfast_feedback_quarantined',
    help: 'Items that could not be clustered, by source',
    labelNames: ['project', 'source'],
    registers,
  });
  const stats = await sourceStats(db, project);
  for (const source of stats.names) {
    const { items: _, lastDeliveryAt: _last, quarantined: waiting, ...outcomes } = stats.of(source);
    for (const [outcome, count] of Object.entries(outcomes))
      deliveries.set({ project, source, outcome }, count);
    quarantined.set({ project, source }, waiting);
  }
}
