import { tmpdir } from 'node:os';
import { pino } from 'pino';
import { ulid } from 'ulid';
import { loadConfig, requireDatabaseUrl } from '../config.ts';
import { connect } from '../db/connect.ts';
import { createDesiredStateStore } from '../db/desired-state-store.ts';
import { createConfigChecks } from '../providers/config-check/index.ts';
import { createCheckpointStore } from '../providers/checkpoint-store/index.ts';
import { readNoteSigner } from '../providers/note-signer/file.ts';
import { createFeedbackPollers } from '../providers/feedback-source/index.ts';
import { createNotifiers } from '../providers/notifier/index.ts';
import { createEmbedding } from '../providers/embedding/index.ts';
import { createLanguageModel } from '../providers/llm/index.ts';
import { createHttpProbe } from '../providers/probe/http.ts';
import { createRuntimes } from '../providers/runtime/index.ts';
import { createSecrets } from '../providers/secret/reference.ts';
import { createHaproxyTraffic } from '../providers/traffic/haproxy.ts';
import { createClusteringParts } from './clustering-parts.ts';
import { serveMetrics } from './metrics.ts';
import { runWorkers } from './run.ts';

/** The embedded worker process: all task queues in one. */
const config = loadConfig(process.env);
const logger = pino({ level: config.logLevel, base: { process: 'worker' } });
const db = connect(requireDatabaseUrl(config));
const signer = await readNoteSigner(config.audit.key);
if (signer === null) logger.warn({ file: config.audit.key }, 'no signing key: no audit checkpoint is signed');
const secrets = createSecrets(process.env);
const tools = {
  db,
  clusters: createClusteringParts(
    config.clustering,
    createEmbedding(config.embedding, secrets),
    createLanguageModel(config.languageModel, secrets),
  ),
  traffic: createHaproxyTraffic(createDesiredStateStore(db)),
  runtimes: createRuntimes({ home: config.home, dockerHost: config.docker.host, env: process.env }),
  probe: createHttpProbe(),
  ...createConfigChecks({ haproxy: config.haproxy.binary ?? 'haproxy', scratch: tmpdir() }),
  keep: config.keep,
  slotsPerProject: config.limits.operationsPerProject,
  audit: signer === null ? null : { store: createCheckpointStore(config.audit, process.env), signer },
  notifiers: createNotifiers(config.notification),
  feedback: {
    ...{ db, secrets, redditSubreddits: config.redditSubreddits, newId: () => ulid() },
    pollers: createFeedbackPollers(config.feedback),
  },
  secrets,
  publicUrl: config.publicUrl,
  chance: Math.random,
  log: (message: string, fields: Record<string, unknown>) => logger.warn(fields, message),
};
const workers = await runWorkers(config, tools, logger);
const metrics = await serveMetrics(config.worker.metricsPort, workers.ready);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, workers.stop);
await workers.ended.finally(() => metrics.close());
await db.destroy();
