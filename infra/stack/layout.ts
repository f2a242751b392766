import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../config.ts';
import type { PostgresUrls } from '../postgres/prepare.ts';
import type { SecretFiles } from '../secrets/files.ts';
import type { Ports, StackRecord } from './record.ts';

/** One stack on one machine: the settings, the chosen ports, and what follows from them. */
export interface Layout {
  readonly config: Config;
  readonly ports: Ports;
  /** The haproxy to run. */
  readonly haproxy: string;
  readonly urls: StackRecord['urls'];
  readonly connections: StackRecord['connections'];
  /** Environment of our own programs: what the person who started the stack has, and where everything is. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function layOut({
  config,
  ports,
  haproxy,
  database,
  secrets,
  inherited,
}: Pick<Layout, 'config' | 'ports' | 'haproxy'> & {
  readonly database: PostgresUrls;
  readonly secrets: SecretFiles;
  readonly inherited: Layout['env'];
}): Layout {
  const apiUrl = `http://${reachable(config.api.host)}:${ports.api}`;
  const temporalUi = config.temporal.address === null ? `http://127.0.0.1:${ports.ui}` : null;
  const uiUrl = config.temporal.uiUrl ?? temporalUi;
  const connections = {
    databaseUrl: database.owner,
    temporalAddress: config.temporal.address ?? `127.0.0.1:${ports.temporal}`,
    temporalNamespace: config.temporal.namespace,
  };
  return {
    config,
    ports,
    haproxy,
    urls: {
      api: apiUrl,
      docs: `${apiUrl}/docs`,
      temporalUi,
      frontend: `http://127.0.0.1:${ports.frontend}`,
      metrics: `http://127.0.0.1:${ports.metrics}/metrics`,
    },
    connections,
    env: {
      ...withoutKeys(inherited),
      ...settingsFor(config, ports),
      HOLDFAST_API_URL: apiUrl,
      HOLDFAST_PAYLOAD_KEYS: secrets.payloadKeys,
      HOLDFAST_CODEC_TOKEN: secrets.codecToken,
      HOLDFAST_SIGNING_KEY: secrets.signingKey,
      ...(uiUrl === null ? {} : { HOLDFAST_UI_URL: uiUrl }),
      HOLDFAST_HAPROXY_BIN: haproxy,
      DATABASE_URL: database.application,
      HOLDFAST_MIGRATION_DATABASE_URL: undefined,
      TEMPORAL_ADDRESS: connections.temporalAddress,
      TEMPORAL_NAMESPACE: connections.temporalNamespace,
    },
  };
}

/** The file of one of our programs, such as `api/server.ts`. */
export function programFile(name: string): string {
  return fileURLToPath(new URL(`../../${name}`, import.meta.url));
}

function settingsFor(config: Config, ports: Ports): Record<string, string> {
  return {
    HOLDFAST_HOME: config.home,
    HOLDFAST_API_HOST: config.api.host,
    HOLDFAST_API_PORT: String(ports.api),
    HOLDFAST_METRICS_PORT: String(ports.metrics),
    HOLDFAST_SDK_METRICS_PORT: String(ports.sdkMetrics),
    HOLDFAST_HAPROXY_CONFIG: config.haproxy.baseConfig,
    HOLDFAST_HAPROXY_OUTPUT: config.haproxy.config,
    HOLDFAST_HAPROXY_SOCKET: config.haproxy.socket,
    HOLDFAST_HAPROXY_MASTER_SOCKET: config.haproxy.masterSocket,
    HOLDFAST_PRINCIPAL: config.principal,
    HOLDFAST_PROXY: config.agent.proxy,
    HOLDFAST_PROXY_ENVIRONMENT: config.agent.environment,
    HOLDFAST_PROXY_CONFIG_KEYS: config.agent.configKeys,
    HOLDFAST_AGENT_STATE: config.agent.state,
    HOLDFAST_AUDIT_KEY: config.audit.key,
    HOLDFAST_AUDIT_CHECKPOINTS: config.audit.checkpoints,
    HOLDFAST_AGENT_LOG_PORT: String(ports.agentLog),
    // Stripped types and compiled code are kept: each process starts faster and is about 14 MB smaller.
    NODE_COMPILE_CACHE: join(config.cache, 'node'),
  };
}

/** The key of whoever starts the stack is nobody else's: not the API's, not the workers', not what they start. */
function withoutKeys(inherited: Layout['env']): Layout['env'] {
  return { ...inherited, HOLDFAST_API_KEY: undefined, HOLDFAST_API_KEY_FILE: undefined };
}

/** An address to call what listens on every one. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
