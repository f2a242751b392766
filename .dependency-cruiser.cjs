/**
 * The import table of docs/architecture.md. Every folder names what it may import as a value, and what besides that only as a type.
 * Paths are relative to the repository; `npm` are packages, `node` whether the built-ins of Node may be used.
 */
const startOptions = '^workflows/[^/]+/start-options[.]ts$';
const messages = '^workflows/[^/]+/messages[.]ts$';
const anything = { values: ['.'], types: [], npm: null, node: true };

const table = {
  contracts: { values: ['^contracts/'], types: [], npm: ['typebox'], node: false },
  domain: { values: ['^domain/'], types: ['^contracts/'], npm: [], node: false },
  workflows: {
    values: ['^domain/', '^workflows/'],
    types: ['^contracts/', '^activities/'],
    npm: ['@temporalio/workflow', '@temporalio/common'],
    node: false,
  },
  'temporal-connection': {
    values: ['^temporal-connection/', '^domain/errors[.]ts$'],
    types: [],
    npm: [],
    node: true,
  },
  'payload-codec': {
    values: ['^payload-codec/', '^domain/errors[.]ts$'],
    types: [],
    npm: ['@temporalio/proto'],
    typesOfNpm: ['@temporalio/common'],
    node: true,
  },
  'clustering-threads': { values: ['^clustering-threads/', '^domain/'], types: [], npm: [], node: true },
  activities: {
    values: ['^activities/', '^domain/', '^contracts/', '^db/', startOptions],
    types: ['^providers/[^/]+/', '^clustering-threads/'],
    npm: ['@temporalio/activity', '@temporalio/common'],
    typesOfNpm: ['@temporalio/client'],
    node: true,
  },
  providers: {
    values: ['^providers/', '^domain/errors[.]ts$'],
    types: ['^contracts/', '^domain/'],
    npm: ['dockerode', '@slack/web-api', 'nodemailer'],
    node: true,
  },
  'proxy-agent': {
    values: [
      '^proxy-agent/',
      '^contracts/',
      '^domain/(errors|latency|safe-split)[.]ts$',
      '^domain/(agent-update|config-bundle|redaction)/',
      '^config[.]ts$',
    ],
    types: [],
    npm: ['pino', 'typebox'],
    node: true,
  },
  workers: {
    values: [
      ...[
        '^workers/',
        '^activities/',
        '^providers/',
        '^clustering-threads/',
        '^payload-codec/',
        '^temporal-connection/',
        '^db/',
        '^config[.]ts$',
        '^domain/',
      ],
      startOptions,
    ],
    types: ['^contracts/'],
    npm: [
      '@temporalio/activity',
      '@temporalio/client',
      '@temporalio/common',
      '@temporalio/worker',
      'pino',
      'prom-client',
      'ulid',
    ],
    node: true,
  },
  api: {
    values: [
      ...[
        '^api/',
        '^contracts/',
        '^domain/',
        '^payload-codec/',
        '^temporal-connection/',
        '^providers/(secret|config-check)/',
        '^db/',
        '^config[.]ts$',
      ],
      ...[startOptions, messages],
    ],
    types: [],
    npm: [
      'fastify',
      '@fastify/',
      'jose',
      'ajv',
      'ajv-formats',
      'diff',
      '@temporalio/client',
      '@temporalio/common',
      'typebox',
      'pino',
      'prom-client',
      'ulid',
    ],
    node: true,
  },
  db: { values: ['^db/', '^domain/'], types: ['^contracts/'], npm: ['kysely', 'pg', 'ulid'], node: true },
  cli: {
    values: ['^cli/', '^contracts/', '^domain/(errors|run-record)[.]ts$', '^domain/audit/', '^config[.]ts$'],
    types: [],
    npm: ['commander', 'yaml', 'ajv', 'ajv-formats', 'ulid', 'openid-client'],
    node: true,
  },
  infra: { ...anything, values: ['^(?!test/)'] },
  bench: anything,
  test: anything,
};

/** Stops of the table that are entries of their own: only these folders may reach into them. */
const closed = {
  workers: '^(workers|test|bench|infra)/',
  api: '^(api|test|bench|infra)/',
  cli: '^(cli|test|bench|infra)/',
  'proxy-agent': '^(proxy-agent|test|bench|infra)/',
  test: '^test/',
  bench: '^(bench|test|infra)/',
};

const exceptions = {
  // `holdfast up`, `down`, `status` and `doctor` act on the machine that they run on.
  // So does `holdfast proxy order-update`, which builds the agent of its own checkout.
  cli: { from: '^cli/(stack|doctor|agent-update)([.]ts$|/)', to: '^infra/' },
};

const packages = (names) =>
  names.map((name) => `^node_modules/(@types/)?${name}${name.endsWith('/') ? '' : '/'}`);

function rulesOf([folder, row]) {
  if (row === anything) return [];
  const values = [...row.values, ...(row.npm === null ? ['^node_modules/'] : packages(row.npm))];
  const types = [...row.types, ...packages(row.typesOfNpm ?? [])];
  const exception = exceptions[folder];
  const from = { path: `^${folder}/`, ...(exception && { pathNot: exception.from }) };
  const core = row.node ? ['core'] : [];
  return [
    {
      name: `${folder}-imports`,
      comment: `${folder}/ may not import this at all: see the table in docs/architecture.md.`,
      severity: 'error',
      from,
      to: { pathNot: [...values, ...types], dependencyTypesNot: core },
    },
    {
      name: `${folder}-imports-as-type-only`,
      comment: `${folder}/ may import this only by \`import type\`: see the table in docs/architecture.md.`,
      severity: 'error',
      from,
      to: {
        path: types.length === 0 ? ['(?!)'] : types,
        pathNot: values,
        dependencyTypesNot: ['type-only', ...core],
      },
    },
    ...(exception === undefined
      ? []
      : [
          {
            name: `${folder}-exception`,
            comment: `This part of ${folder}/ may import ${exception.to} besides.`,
            severity: 'error',
            from: { path: exception.from },
            to: { pathNot: [...values, ...types, exception.to], dependencyTypesNot: core },
          },
        ]),
  ];
}

function closedRule([folder, mayImport]) {
  return {
    name: `nothing-imports-${folder}`,
    comment: `${folder}/ is an end of the graph: move what is shared to where both may reach it.`,
    severity: 'error',
    from: { pathNot: mayImport },
    to: { path: `^${folder}/` },
  };
}

module.exports = {
  forbidden: [
    {
      name: 'no-cycle',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphan',
      comment: 'Nothing uses it and it uses nothing.',
      severity: 'error',
      from: { orphan: true, pathNot: ['[.]config[.]', '^(test|bench|infra)/'] },
      to: {},
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'declared',
      comment: 'A package that package.json does not name may be gone tomorrow.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-development-package',
      severity: 'error',
      from: { pathNot: ['^(test|bench|infra)/', '[.]config[.]'] },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: '^node_modules/@types/',
      },
    },
    {
      name: 'no-other-provider',
      comment:
        'Each kind of provider stands alone: a change of one vendor touches one folder. They share how HTTP is asked.',
      severity: 'error',
      from: { path: '^providers/([^/]+)/' },
      to: { path: '^providers/', pathNot: '^providers/($1|http)/' },
    },
    {
      name: 'no-other-story',
      comment: 'Workflows share by workflows/shared only.',
      severity: 'error',
      from: { path: '^workflows/([^/]+)/' },
      to: { path: '^workflows/', pathNot: '^workflows/($1|shared)/' },
    },
    {
      name: 'config-stands-alone',
      severity: 'error',
      from: { path: '^(config|settings|setting-values)[.]ts$' },
      to: {
        pathNot:
          '^(domain/(duration|errors)|contracts/[^/]+|settings|setting-values|temporal-connection/options)[.]ts$',
        dependencyTypesNot: ['core'],
      },
    },
    ...Object.entries(table).flatMap(rulesOf),
    ...Object.entries(closed).map(closedRule),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^([.]holdfast|bench/results|test/replay/histories)/' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
