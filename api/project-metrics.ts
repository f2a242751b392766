import { Type } from 'typebox';
import { Gauge, Registry } from 'prom-client';
import { waitingGates } from '../db/approval/waiting.ts';
import { countOperations } from '../db/operation.ts';
import type { ApiDependencies, App } from './dependencies.ts';
import { addClusteringMetrics } from './feedback-clustering/metrics.ts';
import { addFleetMetrics } from './fleet/metrics.ts';
import { addFeedbackMetrics } from './feedback/metrics.ts';
import { problems, ProjectParams } from './schemas.ts';

/** GET …/metrics: what a project may know of itself, for a Prometheus with a key of it. The open /metrics names no project. */
export function registerProjectMetrics(app: App, { db }: ApiDependencies): void {
  app.get(
    '/metrics',
    {
      config: { needs: 'operation:read' },
      schema: {
        tags: ['operations'],
        summary: 'Operations and waiting gates of the project, in the text format of Prometheus',
        params: ProjectParams,
        response: { 200: { content: { 'text/plain': { schema: Type.String() } } }, ...problems },
      },
    },
    async (request, reply) => {
      const { project } = request.params;
      const registry = new Registry();
      const registers = [registry];
      const operations = new Gauge({
        name: 'holdfast_operations',
        help: 'Operations by kind, status and outcome',
        labelNames: ['project', 'kind', 'status', 'outcome'],
        registers,
      });
      const gates = new Gauge({
        name: 'holdfast_gates_waiting',
        help: 'Gates that wait for people',
        labelNames: ['project'],
        registers,
      });
      for (const { count, ...labels } of await countOperations(db, project))
        operations.set({ project, ...labels }, count);
      gates.set({ project }, (await waitingGates(db, project)).length);
      await addFeedbackMetrics(db, project, registers);
      await addClusteringMetrics(db, project, registers);
      await addFleetMetrics(db, project, registers);
      return reply.type(registry.contentType).send(await registry.metrics());
    },
  );
}
