import { pino } from 'pino';
import { loadConfig, requireDatabaseUrl } from '../config.ts';
import { connect } from '../db/connect.ts';
import { createDesiredStateStore } from '../db/desired-state-store.ts';
import { createHttpProbe } from '../providers/probe/http.ts';
import { createRuntimes } from '../providers/runtime/index.ts';
import { createHaproxyTraffic } from '../providers/traffic/haproxy.ts';
import { serveMetrics } from './metrics.ts';
import { runWorkers } from './run.ts';

/** The embedded worker process: all task queues in one. */
const config = loadConfig(process.env);
const logger = pino({ level: config.logLevel, base: { process: 'worker' } });
const db = connect(requireDatabaseUrl(config));
const tools = {
  db,
  traffic: createHaproxyTraffic(createDesiredStateStore(db)),
  runtimes: createRuntimes({ home: config.home, dockerHost: config.docker.host, env: process.env }),
  probe: createHttpProbe(),
  keep: config.keep,
  log: (message: string, fields: Record<string, unknown>) => logger.warn(fields, message),
};
const workers = await runWorkers(config, tools, logger);
const metrics = await serveMetrics(config.worker.metricsPort, workers.ready);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, workers.stop);
await workers.ended.finally(() => metrics.close());
await db.destroy();
