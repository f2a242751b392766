import { tmpdir } from 'node:os';
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { loadConfig, requireDatabaseUrl, requireTemporalAddress, type Config } from '../config.ts';
import { connect } from '../db/connect.ts';
import { createNotifications } from '../db/notifications.ts';
import { createDataConverter } from '../payload-codec/data-converter.ts';
import { createHaproxyCheck } from '../providers/config-check/haproxy.ts';
import { createShadowRun } from '../providers/config-check/shadow-run.ts';
import { createSecrets } from '../providers/secret/reference.ts';
import { temporalClientOptions } from '../temporal-connection/options.ts';
import { buildApp } from './app.ts';
import { keepListening } from './fleet/keep-listening.ts';
import { createWakeClustering } from './feedback-clustering/wake.ts';
import { createMayDecode } from './may-decode.ts';
import { openSigner } from './signer.ts';
import { createTokenVerifier } from './identity-token.ts';

const closeLimitMs = 10_000;

/** The API process. It starts and serves with Temporal dead: emergency stop and desired state depend on it. */
async function serve(config: Config): Promise<void> {
  const logger = pino({ level: config.logLevel, base: { service: 'api' } });
  const databaseUrl = requireDatabaseUrl(config);
  const db = connect(databaseUrl, { max: 20 });
  const notifications = createNotifications(databaseUrl);
  const { namespace, uiUrl } = config.temporal;
  const { payloadKeys, codecToken, signingKey } = config.secrets;
  const onUnreadable = (keyId: string): void =>
    logger.warn({ keyId }, 'payloads cannot be opened: see the payload keys');
  const dataConverter = createDataConverter({ payloadKeys, namespace, onUnreadable });
  const [codec] = dataConverter.payloadCodecs ?? [];
  const frontend = temporalClientOptions(requireTemporalAddress(config), config.temporal.credentials);
  // No retries by the client: what fails is left to the reconciliation, and a retry would outlive a closed connection.
  const connection = Connection.lazy({ ...frontend, interceptors: [] });
  const temporal = new Client({ connection, namespace, dataConverter });
  const haproxy = { haproxy: config.haproxy.binary ?? 'haproxy', scratch: tmpdir() };
  const toWake = { db, temporal: () => temporal, taskQueue: 'operations', logger };
  const app = await buildApp({
    db,
    wakeClustering: createWakeClustering(toWake),
    clustering: config.clustering,
    notifications,
    logger,
    temporal: () => temporal,
    ...(codec === undefined
      ? {}
      : { codec: { codec, namespace, uiUrl, mayDecode: createMayDecode(codecToken) } }),
    ...(signingKey === null ? {} : { signer: openSigner(signingKey) }),
    secrets: createSecrets(process.env),
    redditSubreddits: config.redditSubreddits,
    configCheck: createHaproxyCheck(haproxy),
    shadowRun: createShadowRun(haproxy),
    taskQueue: 'operations',
    auditKeyFile: `${config.audit.key}.pub`,
    operationsPerProject: config.limits.operationsPerProject,
    requestsPerMinute: config.api.requestsPerMinute,
    httpLimits: { connections: config.api.connections },
    ...(config.oidc === null ? {} : { verifyToken: createTokenVerifier(db, config.oidc) }),
  });
  let listening: { stop(): void } | null = null;
  const close = async (signal: string): Promise<void> => {
    logger.info({ signal }, 'closing');
    listening?.stop();
    // Long polls and event streams end with their connections; the clients come back.
    setTimeout(() => app.server.closeAllConnections(), 1000).unref();
    setTimeout(() => process.exit(1), closeLimitMs).unref();
    await app.close();
    await notifications.close();
    await connection.close();
    await db.destroy();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void close(signal));
  await app.listen({ host: config.api.host, port: config.api.port });
  listening = keepListening(db);
  logger.info({ port: config.api.port }, 'serving');
}

await serve(loadConfig(process.env));
