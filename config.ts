import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { OpsError } from './domain/errors.ts';
import type { TemporalCredentials } from './temporal-connection/options.ts';
import { deepFreeze, osUser } from './setting-values.ts';
import {
  readAll,
  settingNames,
  type ClusteringMethod,
  type EmbeddingVendor,
  type LanguageModelVendor,
  type LogLevel,
  type PrivateAddresses,
  type SettingName,
} from './settings.ts';

const dayMs = 86_400_000;

const usualFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

export interface Config {
  readonly home: string;
  /** What is built or fetched once a machine, per version. */
  readonly cache: string;
  /** Folders that programs are looked for in; what Debian keeps for root is among them. */
  readonly searchPath: readonly string[];
  readonly project: string;
  readonly principal: string;
  /** What a person keeps on this machine: sessions of `holdfast login`. */
  readonly userFolder: string;
  /** The key to ask the API with: itself, or the file it is in. */
  readonly apiKey: { readonly secret: string | null; readonly file: string };
  readonly logLevel: LogLevel;
  readonly color: boolean;
  readonly ci: boolean;
  /** null: the embedded PostgreSQL of `holdfast up`. */
  readonly databaseUrl: string | null;
  /** As the owner of the tables, for migrations; null: as `databaseUrl`. */
  readonly migrationDatabaseUrl: string | null;
  readonly temporal: {
    /** host:port; null: the embedded server of `holdfast up`. */
    readonly address: string | null;
    readonly namespace: string;
    readonly binary: string | null;
    readonly port: number;
    readonly uiPort: number;
    readonly credentials: TemporalCredentials;
    /** null: nobody but the embedded UI. */
    readonly uiUrl: string | null;
  };
  /** Files, each readable by its owner alone; `holdfast up` makes them. null: the feature is off. */
  readonly secrets: {
    readonly payloadKeys: string | null;
    readonly codecToken: string | null;
    readonly signingKey: string | null;
  };
  /** How long rows are kept, in milliseconds. */
  readonly keep: {
    readonly archivesMs: number;
    readonly timelinesMs: number;
    readonly samplesMs: number;
    readonly idempotencyKeysMs: number;
    readonly notificationsMs: number;
    readonly feedbackDeliveriesMs: number;
    readonly logWindowsMs: number;
  };
  /** `url` is null when not set: `holdfast up` says where it listens in `<home>/stack.json`. */
  readonly api: {
    readonly host: string;
    readonly port: number;
    readonly url: string | null;
    readonly requestsPerMinute: number;
    /** At once; above it the oldest one without a request is closed. */
    readonly connections: number;
  };
  /** null: no identity provider, API keys alone. */
  readonly oidc: Readonly<Record<'issuer' | 'audience' | 'clientId' | 'scope', string>> | null;
  readonly worker: { readonly metricsPort: number; readonly sdkMetricsPort: number };
  readonly haproxy: {
    readonly binary: string | null;
    readonly baseConfig: string;
    readonly config: string;
    readonly socket: string;
    readonly masterSocket: string;
    readonly frontendPort: number;
  };
  readonly agent: {
    readonly proxy: string;
    readonly environment: string;
    readonly configKeys: string;
    readonly state: string;
    readonly logPort: number;
    readonly nodeAddress: string;
    readonly windowMs: number;
    readonly sampledRequests: number;
    readonly trialMs: number;
  };
  /** The public key stands beside the key, in `<key>.pub`. */
  readonly audit: {
    readonly key: string;
    readonly checkpoints: string;
    readonly store: 'file' | 'git';
    /** null: commits stay in the folder. */
    readonly gitRemote: string | null;
  };
  readonly limits: { readonly operationsPerProject: number };
  readonly docker: { readonly host: string | null };
  readonly watchdog: { readonly webhook: string | null };
  /** Where browsers reach Holdfast; null: notifications have no links. */
  readonly publicUrl: string | null;
  readonly notification: { readonly privateAddresses: PrivateAddresses; readonly slackApiUrl: string };
  /** Defaults of the installation for projects that say nothing. */
  readonly clustering: {
    readonly method: ClusteringMethod;
    /** null: calibrated for each project. */
    readonly threshold: number | null;
    readonly minSize: number;
    readonly truncateBodyChars: number;
  };
  /** null: what the vendor has; `key` is a reference, never the key. */
  readonly embedding: {
    readonly vendor: EmbeddingVendor;
    readonly url: string | null;
    readonly model: string | null;
    readonly dimensions: number | null;
    readonly key: string | null;
  };
  /** null: not given; `key` is a reference, never the key. */
  readonly languageModel: {
    readonly vendor: LanguageModelVendor;
    readonly url: string | null;
    readonly model: string | null;
    readonly key: string | null;
  };
  /** Where the vendors answer that are polled. */
  readonly feedback: {
    readonly github: string;
    readonly gitlab: string;
    readonly reddit: string;
    readonly redditApi: string;
  };
  /** Where the database has no list. */
  readonly redditSubreddits: readonly string[];
  /** Which keys were set, so that a wish can be told from a default. */
  readonly given: readonly SettingName[];
}

/** Reads all settings, deep-frozen. Throws one `invalid-input` that names every wrong key with its remedy. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const values = readAll(env);
  const home = values.HOLDFAST_HOME ?? resolve('.holdfast');
  const homeFolder = values.HOME ?? userInfo().homedir;
  return deepFreeze({
    home,
    cache: join(values.XDG_CACHE_HOME ?? join(homeFolder, '.cache'), 'holdfast'),
    userFolder: join(values.XDG_CONFIG_HOME ?? join(homeFolder, '.config'), 'holdfast'),
    searchPath: [...(values.PATH ?? '').split(':'), ...usualFolders].filter((folder) => folder !== ''),
    project: values.HOLDFAST_PROJECT ?? 'default',
    principal: values.HOLDFAST_PRINCIPAL ?? osUser(),
    apiKey: {
      secret: values.HOLDFAST_API_KEY ?? null,
      file: values.HOLDFAST_API_KEY_FILE ?? join(home, 'keys/admin'),
    },
    logLevel: values.LOG_LEVEL ?? 'info',
    color: values.NO_COLOR === undefined,
    ci: values.CI !== undefined && values.CI !== 'false',
    databaseUrl: values.DATABASE_URL ?? null,
    migrationDatabaseUrl: values.HOLDFAST_MIGRATION_DATABASE_URL ?? null,
    temporal: {
      address: values.TEMPORAL_ADDRESS ?? null,
      namespace: values.TEMPORAL_NAMESPACE ?? 'holdfast',
      binary: values.HOLDFAST_TEMPORAL_BIN ?? null,
      port: values.HOLDFAST_TEMPORAL_PORT ?? 7233,
      uiPort: values.HOLDFAST_UI_PORT ?? 8233,
      uiUrl: values.HOLDFAST_UI_URL ?? null,
      credentials: {
        serverCa: values.TEMPORAL_TLS_SERVER_CA_CERT_PATH ?? null,
        clientCert: values.TEMPORAL_TLS_CLIENT_CERT_PATH ?? null,
        clientKey: values.TEMPORAL_TLS_CLIENT_KEY_PATH ?? null,
        tokenFile: values.HOLDFAST_TEMPORAL_TOKEN_FILE ?? null,
      },
    },
    secrets: {
      payloadKeys: values.HOLDFAST_PAYLOAD_KEYS ?? null,
      codecToken: values.HOLDFAST_CODEC_TOKEN ?? null,
      signingKey: values.HOLDFAST_SIGNING_KEY ?? null,
    },
    keep: {
      archivesMs: values.HOLDFAST_KEEP_ARCHIVES ?? 400 * dayMs,
      timelinesMs: values.HOLDFAST_KEEP_TIMELINES ?? 400 * dayMs,
      samplesMs: values.HOLDFAST_KEEP_SAMPLES ?? dayMs,
      idempotencyKeysMs: values.HOLDFAST_KEEP_IDEMPOTENCY_KEYS ?? 7 * dayMs,
      notificationsMs: values.HOLDFAST_KEEP_NOTIFICATIONS ?? 30 * dayMs,
      feedbackDeliveriesMs: values.HOLDFAST_KEEP_FEEDBACK_DELIVERIES ?? 30 * dayMs,
      logWindowsMs: values.HOLDFAST_KEEP_LOG_WINDOWS ?? 30 * dayMs,
    },
    api: {
      host: values.HOLDFAST_API_HOST ?? '127.0.0.1',
      port: values.HOLDFAST_API_PORT ?? 7650,
      url: values.HOLDFAST_API_URL ?? null,
      requestsPerMinute: values.HOLDFAST_REQUESTS_PER_MINUTE ?? 6000,
      connections: values.HOLDFAST_API_CONNECTIONS ?? 4000,
    },
    oidc:
      values.HOLDFAST_OIDC_ISSUER === undefined
        ? null
        : {
            issuer: values.HOLDFAST_OIDC_ISSUER,
            audience: values.HOLDFAST_OIDC_AUDIENCE ?? 'holdfast',
            clientId: values.HOLDFAST_OIDC_CLIENT_ID ?? 'holdfast-cli',
            scope: values.HOLDFAST_OIDC_SCOPE ?? 'openid email offline_access',
          },
    worker: {
      metricsPort: values.HOLDFAST_METRICS_PORT ?? 7651,
      sdkMetricsPort: values.HOLDFAST_SDK_METRICS_PORT ?? 7652,
    },
    haproxy: {
      binary: values.HOLDFAST_HAPROXY_BIN ?? null,
      baseConfig: values.HOLDFAST_HAPROXY_CONFIG ?? join(home, 'haproxy/base.cfg'),
      config: values.HOLDFAST_HAPROXY_OUTPUT ?? join(home, 'haproxy/haproxy.cfg'),
      socket: values.HOLDFAST_HAPROXY_SOCKET ?? join(home, 'haproxy/admin.sock'),
      masterSocket: values.HOLDFAST_HAPROXY_MASTER_SOCKET ?? join(home, 'haproxy/master.sock'),
      frontendPort: values.HOLDFAST_FRONTEND_PORT ?? 7680,
    },
    agent: {
      proxy: values.HOLDFAST_PROXY ?? 'local',
      environment: values.HOLDFAST_PROXY_ENVIRONMENT ?? 'production',
      configKeys: values.HOLDFAST_PROXY_CONFIG_KEYS ?? join(home, 'agent/config-keys.pem'),
      state: values.HOLDFAST_AGENT_STATE ?? join(home, 'agent'),
      logPort: values.HOLDFAST_AGENT_LOG_PORT ?? 7681,
      nodeAddress: values.HOLDFAST_NODE_ADDRESS ?? '*',
      sampledRequests: values.HOLDFAST_AGENT_SAMPLE ?? 10,
      ...{ windowMs: values.HOLDFAST_AGENT_WINDOW ?? 5000, trialMs: values.HOLDFAST_AGENT_TRIAL ?? 60_000 },
    },
    audit: {
      key: values.HOLDFAST_AUDIT_KEY ?? join(home, 'audit/signing-key.pem'),
      checkpoints: values.HOLDFAST_AUDIT_CHECKPOINTS ?? join(home, 'audit/checkpoints'),
      store: values.HOLDFAST_AUDIT_STORE ?? 'file',
      gitRemote: values.HOLDFAST_AUDIT_GIT_REMOTE ?? null,
    },
    limits: { operationsPerProject: values.HOLDFAST_OPERATIONS_PER_PROJECT ?? 100 },
    docker: { host: values.DOCKER_HOST ?? null },
    watchdog: { webhook: values.HOLDFAST_WATCHDOG_WEBHOOK ?? null },
    publicUrl: values.HOLDFAST_PUBLIC_URL ?? null,
    notification: {
      privateAddresses: values.HOLDFAST_NOTIFICATION_PRIVATE_ADDRESSES ?? 'none',
      slackApiUrl: values.HOLDFAST_SLACK_API_URL ?? 'https://slack.com/api/',
    },
    clustering: {
      method: values.CLUSTERING_METHOD ?? 'agglomerative',
      threshold: values.CLUSTERING_SIM_THRESHOLD ?? null,
      minSize: values.CLUSTERING_MIN_CLUSTER_SIZE ?? 2,
      truncateBodyChars: values.CLUSTERING_TRUNCATE_BODY_CHARS ?? 1500,
    },
    embedding: {
      vendor: values.HOLDFAST_EMBEDDING ?? 'lexical',
      url: values.HOLDFAST_EMBEDDING_URL ?? null,
      model: values.HOLDFAST_EMBEDDING_MODEL ?? null,
      dimensions: values.HOLDFAST_EMBEDDING_DIMENSIONS ?? null,
      key: values.HOLDFAST_EMBEDDING_KEY ?? null,
    },
    languageModel: {
      vendor: values.HOLDFAST_LLM ?? 'none',
      url: values.HOLDFAST_LLM_URL ?? null,
      model: values.HOLDFAST_LLM_MODEL ?? null,
      key: values.HOLDFAST_LLM_KEY ?? null,
    },
    feedback: {
      github: values.HOLDFAST_GITHUB_API_URL ?? 'https://api.github.com',
      gitlab: values.HOLDFAST_GITLAB_API_URL ?? 'https://gitlab.com/api/v4',
      reddit: values.HOLDFAST_REDDIT_URL ?? 'https://www.reddit.com',
      redditApi: values.HOLDFAST_REDDIT_API_URL ?? 'https://oauth.reddit.com',
    },
    redditSubreddits: values.REDDIT_SUBREDDITS ?? [],
    given: settingNames.filter((key) => values[key] !== undefined),
  });
}

/** For processes that cannot run without a database. */
export function requireDatabaseUrl(config: Config): string {
  return config.databaseUrl ?? missing('DATABASE_URL', 'the PostgreSQL to use');
}

/** For processes that cannot run without Temporal. */
export function requireTemporalAddress(config: Config): string {
  return config.temporal.address ?? missing('TEMPORAL_ADDRESS', 'the Temporal frontend as host:port');
}

/** For the proxy agent, which must be told where the API is. */
export function requireApiUrl(config: Config): string {
  return config.api.url ?? missing('HOLDFAST_API_URL', 'where the API is');
}

function missing(key: SettingName, what: string): never {
  throw new OpsError('invalid-input', `${key} is not set; set it to ${what}, or run holdfast up`, {
    faults: [{ name: key, problem: 'is not set', remedy: `set it to ${what}, or run holdfast up` }],
  });
}
