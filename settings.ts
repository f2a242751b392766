import { OpsError } from './domain/errors.ts';
import {
  bindAddress,
  briefSpan,
  count,
  Fault,
  gitRemote,
  hostAndPort,
  name,
  oneOf,
  path,
  port,
  sampleSize,
  secretReference,
  similarity,
  span,
  subreddits,
  text,
  url,
} from './setting-values.ts';

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const privateAddresses = ['none', 'loopback', 'all'] as const;
export type PrivateAddresses = (typeof privateAddresses)[number];

const checkpointStores = ['file', 'git'] as const;

const clusteringMethods = ['agglomerative', 'centroid', 'vector_like', 'fingerprint'] as const;
export type ClusteringMethod = (typeof clusteringMethods)[number];

const embeddingVendors = ['lexical', 'openai', 'gemini', 'ollama'] as const;
export type EmbeddingVendor = (typeof embeddingVendors)[number];
const languageModelVendors = ['none', 'openai'] as const;
export type LanguageModelVendor = (typeof languageModelVendors)[number];

/** One line for each key: what it is for, and how its text is read. `.env.example` lists the same keys. */
const settings = {
  HOLDFAST_HOME: optional('folder of all state of the stack', '<working folder>/.holdfast', path),
  HOLDFAST_PROJECT: optional('project that the CLI works in', 'default', name),
  HOLDFAST_PRINCIPAL: optional('who the first admin key of holdfast up belongs to', 'the OS user', text),
  HOLDFAST_API_KEY: optional('the key that the CLI sends', 'the file below', text),
  HOLDFAST_API_KEY_FILE: optional('file with the key of the CLI or the agent', '<home>/keys/admin', path),
  LOG_LEVEL: optional(`one of ${logLevels.join(', ')}`, 'info', oneOf(logLevels)),
  NO_COLOR: optional('any value switches colour off', '', text),
  CI: optional('any value but false: a skipped test is a failure', '', text),
  PATH: optional('folders of programs', '/usr/bin and the like', text),
  HOME: optional('home folder of the user', 'as the OS says', path),
  XDG_CACHE_HOME: optional('what is built or fetched once goes below it', '~/.cache', path),
  XDG_CONFIG_HOME: optional('sessions of holdfast login go below it', '~/.config', path),
  DATABASE_URL: optional('PostgreSQL to use', 'an embedded one', url('postgres:', 'postgresql:')),
  HOLDFAST_MIGRATION_DATABASE_URL: optional(
    'the same PostgreSQL as the owner of the tables, for migrations',
    'DATABASE_URL',
    url('postgres:', 'postgresql:'),
  ),
  TEMPORAL_ADDRESS: optional('Temporal frontend, host:port', 'an embedded one', hostAndPort),
  TEMPORAL_NAMESPACE: optional('Temporal namespace', 'holdfast', name),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: optional("authority of the frontend's certificate", "the system's", path),
  TEMPORAL_TLS_CLIENT_CERT_PATH: optional('our certificate for the frontend', 'none', path),
  TEMPORAL_TLS_CLIENT_KEY_PATH: optional('the key of that certificate', 'none', path),
  HOLDFAST_TEMPORAL_TOKEN_FILE: optional('file with a JWT for the frontend', 'none', path),
  HOLDFAST_TEMPORAL_BIN: optional('the temporal CLI to run', 'found or built by make setup', path),
  HOLDFAST_TEMPORAL_PORT: optional('port of the embedded Temporal', '7233', port),
  HOLDFAST_UI_PORT: optional('port of the embedded Temporal UI', '8233', port),
  HOLDFAST_UI_URL: optional(
    'where people open the Temporal UI; its pages may call the codec server',
    'the embedded UI',
    url('http:', 'https:'),
  ),
  HOLDFAST_API_HOST: optional('address that the API listens on', '127.0.0.1', text),
  HOLDFAST_API_PORT: optional('port of the API', '7650', port),
  HOLDFAST_REQUESTS_PER_MINUTE: optional('requests that one key may make in a minute', '6000', count),
  HOLDFAST_API_CONNECTIONS: optional(
    'connections to the API at once; the agent of a proxy keeps up to four',
    '4000',
    count,
  ),
  HOLDFAST_OIDC_ISSUER: optional(
    'OpenID provider whose tokens are taken',
    'none: API keys alone',
    url('https:', 'http:'),
  ),
  HOLDFAST_OIDC_AUDIENCE: optional('what its tokens must be meant for', 'holdfast', text),
  HOLDFAST_OIDC_CLIENT_ID: optional('client that holdfast login signs in by', 'holdfast-cli', text),
  HOLDFAST_OIDC_SCOPE: optional('what holdfast login asks for', 'openid email offline_access', text),
  HOLDFAST_API_URL: optional(
    'where the CLI and the proxy agent find the API',
    'the running stack',
    url('http:', 'https:'),
  ),
  HOLDFAST_PAYLOAD_KEYS: optional('file of the keys that seal Temporal payloads', 'clear text', path),
  HOLDFAST_CODEC_TOKEN: optional('file of the bearer key of the codec server', 'nobody may decode', path),
  HOLDFAST_SIGNING_KEY: optional('file of the Ed25519 key that signs exports', 'nothing is exported', path),
  HOLDFAST_KEEP_ARCHIVES: optional('how long Temporal histories are kept', '400d', span),
  HOLDFAST_KEEP_TIMELINES: optional('how long timelines of closed operations are kept', '400d', span),
  HOLDFAST_KEEP_SAMPLES: optional('how long counters of the proxies are kept', '1d', span),
  HOLDFAST_KEEP_IDEMPOTENCY_KEYS: optional('how long a repeated request is recognised', '7d', span),
  HOLDFAST_KEEP_NOTIFICATIONS: optional('how long notifications are kept after their end', '30d', span),
  HOLDFAST_KEEP_LOG_WINDOWS: optional(
    'how long log windows of an hour are kept; of 5 minutes a quarter, smaller ones a thirtieth of it',
    '30d',
    span,
  ),
  HOLDFAST_KEEP_FEEDBACK_DELIVERIES: optional(
    'how long a delivery of feedback that is sent again is recognised',
    '30d',
    span,
  ),
  HOLDFAST_METRICS_PORT: optional('port of the worker: /metrics, /readyz', '7651', port),
  HOLDFAST_SDK_METRICS_PORT: optional("port of the Temporal SDK's own metrics", '7652', port),
  HOLDFAST_WATCHDOG_WEBHOOK: optional('doctor --watch posts changes there', 'none', url('http:', 'https:')),
  HOLDFAST_PUBLIC_URL: optional(
    'where browsers reach Holdfast; links in notifications lead there',
    'no links',
    url('http:', 'https:'),
  ),
  HOLDFAST_NOTIFICATION_PRIVATE_ADDRESSES: optional(
    `which private addresses webhooks may go to: ${privateAddresses.join(', ')}`,
    'none',
    oneOf(privateAddresses),
  ),
  HOLDFAST_SLACK_API_URL: optional(
    "where Slack's methods are, with a slash at the end",
    'https://slack.com/api/',
    url('http:', 'https:'),
  ),
  CLUSTERING_METHOD: optional(
    `how feedback is clustered where a project says nothing: ${clusteringMethods.join(', ')}`,
    'agglomerative',
    oneOf(clusteringMethods),
  ),
  CLUSTERING_SIM_THRESHOLD: optional(
    'similarity from which on reports are one cluster',
    'found for each project; 0.72 until then',
    similarity,
  ),
  CLUSTERING_MIN_CLUSTER_SIZE: optional('reports that a cluster has at least', '2', count),
  CLUSTERING_TRUNCATE_BODY_CHARS: optional('characters of a body that are compared', '1500', count),
  HOLDFAST_GITHUB_API_URL: optional(
    'GitHub that is polled',
    'https://api.github.com',
    url('http:', 'https:'),
  ),
  HOLDFAST_GITLAB_API_URL: optional(
    'GitLab that is polled',
    'https://gitlab.com/api/v4',
    url('http:', 'https:'),
  ),
  HOLDFAST_REDDIT_URL: optional('Reddit that is polled', 'https://www.reddit.com', url('http:', 'https:')),
  HOLDFAST_REDDIT_API_URL: optional(
    'the same for applications with a key',
    'https://oauth.reddit.com',
    url('http:', 'https:'),
  ),
  REDDIT_SUBREDDITS: optional(
    'subreddits to read, parted by commas, where the database has no list',
    'none',
    subreddits,
  ),
  HOLDFAST_EMBEDDING: optional(
    `what makes the vectors of texts: ${embeddingVendors.join(', ')}`,
    'lexical, which needs no service',
    oneOf(embeddingVendors),
  ),
  HOLDFAST_EMBEDDING_URL: optional('where that service is', "the vendor's own", url('http:', 'https:')),
  HOLDFAST_EMBEDDING_MODEL: optional('its model', "the vendor's usual one", text),
  HOLDFAST_EMBEDDING_DIMENSIONS: optional('values of one vector', 'as the usual model has', count),
  HOLDFAST_EMBEDDING_KEY: optional('its key, as env:NAME or file:/PATH', 'none', secretReference),
  HOLDFAST_LLM: optional(
    `the language model that names clusters: ${languageModelVendors.join(', ')}`,
    'none: clusters have the words of their items',
    oneOf(languageModelVendors),
  ),
  HOLDFAST_LLM_URL: optional('where it is', "the vendor's own", url('http:', 'https:')),
  HOLDFAST_LLM_MODEL: optional('its name', 'none; it has to be given', text),
  HOLDFAST_LLM_KEY: optional('its key, as env:NAME or file:/PATH', 'none', secretReference),
  DOCKER_HOST: optional('Docker engine, as the Docker CLI reads it', 'unix:///var/run/docker.sock', text),
  HOLDFAST_FRONTEND_PORT: optional('port of the first HAProxy frontend', '7680', port),
  HOLDFAST_HAPROXY_BIN: optional('the haproxy to run', 'the one on PATH', path),
  HOLDFAST_HAPROXY_CONFIG: optional("the operator's HAProxy configuration", '<home>/haproxy/base.cfg', path),
  HOLDFAST_HAPROXY_OUTPUT: optional('the configuration the agent writes', '<home>/haproxy/haproxy.cfg', path),
  HOLDFAST_HAPROXY_SOCKET: optional('runtime socket of HAProxy', '<home>/haproxy/admin.sock', path),
  HOLDFAST_HAPROXY_MASTER_SOCKET: optional('master socket of HAProxy', '<home>/haproxy/master.sock', path),
  HOLDFAST_OPERATIONS_PER_PROJECT: optional('operations a project may have open at once', '100', count),
  HOLDFAST_PROXY: optional('name of the proxy beside the agent', 'local', name),
  HOLDFAST_PROXY_ENVIRONMENT: optional('environment that the proxy belongs to', 'production', name),
  HOLDFAST_PROXY_CONFIG_KEYS: optional(
    'public keys (PEM) of those who may sign configurations',
    '<home>/agent/config-keys.pem',
    path,
  ),
  HOLDFAST_AGENT_STATE: optional('folder of what the agent must not forget', '<home>/agent', path),
  HOLDFAST_AUDIT_KEY: optional('key that signs audit checkpoints', '<home>/audit/signing-key.pem', path),
  HOLDFAST_AUDIT_CHECKPOINTS: optional('where checkpoints are published', '<home>/audit/checkpoints', path),
  HOLDFAST_AUDIT_STORE: optional(
    `how checkpoints are published: ${checkpointStores.join(' or ')}`,
    'file',
    oneOf(checkpointStores),
  ),
  HOLDFAST_AUDIT_GIT_REMOTE: optional('repository that checkpoints are pushed to', 'none', gitRemote),
  HOLDFAST_AGENT_LOG_PORT: optional('UDP port that HAProxy logs to', '7681', port),
  HOLDFAST_NODE_ADDRESS: optional('address that configurations call node; * is all', '*', bindAddress),
  HOLDFAST_AGENT_WINDOW: optional('requests of so long a time are told together', '5s', briefSpan),
  HOLDFAST_AGENT_SAMPLE: optional('so many requests of a window are told; 0: none', '10', sampleSize),
  HOLDFAST_AGENT_TRIAL: optional('so long an ordered release may take to be healthy', '60s', briefSpan),
} as const satisfies Record<string, Setting<unknown>>;

export type SettingName = keyof typeof settings;

/** Every key that is read from the environment, for `.env.example` and the documentation. */
export const settingNames = Object.keys(settings) as SettingName[];

interface Setting<T> {
  readonly about: string;
  readonly fallback: string;
  /** Throws a string: what is wrong, and how it has to look. */
  readonly read: (value: string) => T;
}

type Values = { [K in SettingName]: ReturnType<(typeof settings)[K]['read']> | undefined };

/** Every setting that was given. Throws one `invalid-input` that names every wrong key with its remedy. */
export function readAll(env: Readonly<Record<string, string | undefined>>): Values {
  const values: Partial<Record<SettingName, unknown>> = {};
  const faults: { name: string; problem: string; remedy: string }[] = [];
  for (const key of settingNames) {
    const value = env[key]?.trim();
    if (value === undefined || value === '') continue;
    try {
      values[key] = settings[key].read(value);
    } catch (problem) {
      const remedy = `correct it or leave it out (then: ${settings[key].fallback})`;
      faults.push({
        name: key,
        problem: problem instanceof Fault ? problem.message : String(problem),
        remedy,
      });
    }
  }
  if (faults.length > 0) {
    const lines = faults.map((fault) => `  ${fault.name} ${fault.problem}; ${fault.remedy}`);
    throw new OpsError('invalid-input', `the configuration is not valid:\n${lines.join('\n')}`, { faults });
  }
  return values as Values;
}

function optional<T>(about: string, fallback: string, read: (value: string) => T): Setting<T> {
  return { about, fallback, read };
}
