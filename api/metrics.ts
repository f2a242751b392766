import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { poolStatus } from '../db/connect.ts';
import { countOperations } from '../db/operation.ts';
import { inEveryProject } from '../db/scope.ts';
import type { ApiDependencies, App } from './dependencies.ts';

/** /metrics for Prometheus: requests by route, operations and pool as they are at the scrape. No ids as labels. */
export function registerMetrics(app: App, { db }: ApiDependencies): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const duration = new Histogram({
    name: 'holdfast_http_request_duration_seconds',
    help: 'Time to answer, by route',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30],
    registers,
  });
  const scrapeFailures = new Counter({
    name: 'holdfast_scrape_failures_total',
    help: 'Scrapes that could not ask the database',
    registers,
  });
  const operations = new Gauge({
    name: 'holdfast_operations',
    help: 'Operations by kind, status and outcome',
    labelNames: ['kind', 'status', 'outcome'],
    registers,
    async collect() {
      try {
        const counts = await inEveryProject(() => countOperations(db, null));
        operations.reset();
        for (const { count, ...labels } of counts) operations.set(labels, count);
      } catch {
        // The other figures are wanted most when the database is down.
        scrapeFailures.inc();
      }
    },
  });
  const pool = new Gauge({
    name: 'holdfast_database_connections',
    help: 'Connections of the pool by state; waiting ones are requests without a connection',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(poolStatus(db))) pool.set({ state }, count);
    },
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    duration.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
    done();
  });
  app.get('/metrics', { config: { isPublic: true }, schema: { hide: true } }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}
