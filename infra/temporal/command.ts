/** Search attributes that every workflow of ours sets; all are keywords. */
export const searchAttributes = [
  'HoldfastProject',
  'HoldfastTarget',
  'HoldfastPhase',
  'HoldfastWaitingFor',
  'HoldfastStuck',
  'HoldfastKind',
] as const;

/** Stated here because their defaults changed between server versions. */
const dynamicConfig = {
  'matching.useNewMatcher': true,
  'matching.enableFairness': true,
  'matching.enableMigration': true,
  'system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute': 5,
  // The default of 30 scheduled starts a second is shared by a whole namespace.
  'worker.schedulerNamespaceStartWorkflowRPS': 500,
} as const;

export interface TemporalOptions {
  readonly port: number;
  readonly namespace: string;
  /** null: no UI. */
  readonly uiPort: number | null;
  /** null: everything is lost at its end. */
  readonly database: string | null;
  /** Where pages of the UI have payloads decoded. */
  readonly codecEndpoint?: string;
}

/** Arguments of the temporal CLI for a server of our own on the loopback address. */
export function serverArguments(options: TemporalOptions): string[] {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(options.port)],
    ...['--namespace', options.namespace, '--log-format', 'json', '--log-level', 'warn'],
    ...(options.uiPort === null
      ? ['--headless']
      : ['--ui-port', String(options.uiPort), '--ui-disable-news-fetch', ...codec(options)]),
    ...(options.database === null ? [] : ['--db-filename', options.database]),
    ...searchAttributes.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ...Object.entries(dynamicConfig).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]),
    ...quiet,
  ];
}

/** Neither settings nor addresses of the person who runs it may reach our server. */
export const quiet = ['--disable-config-file', '--disable-config-env', '--color', 'never'] as const;

function codec({ codecEndpoint }: TemporalOptions): string[] {
  return codecEndpoint === undefined ? [] : ['--ui-codec-endpoint', codecEndpoint];
}
