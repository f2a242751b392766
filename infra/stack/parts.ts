import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { preparePostgres } from '../postgres/prepare.ts';
import { temporalBinary } from '../temporal/binary.ts';
import { serverArguments } from '../temporal/command.ts';
import { ensureSigningKey } from '../audit/signing-key.ts';
import { secretFiles } from '../secrets/files.ts';
import { trustSigningKey } from '../secrets/trust-signing-key.ts';
import { untilTemporalIsReady } from '../temporal/ready.ts';
import { untilSocketAnswers, untilUrlAnswers } from './answers.ts';
import { ensureBaseConfiguration } from './haproxy-base.ts';
import { agentKeyFile } from './keys.ts';
import { programFile, type Layout } from './layout.ts';
import { runOnce } from './run-once.ts';
import type { Part } from './part.ts';

/** One that lives is let start: on a machine that is busy with other things, ending it and beginning anew would never come to an end. */
const slowestStartMs = 120_000;

/** The parts of the stack in the order of their dependencies; what was given by address is left out. */
export function createParts(layout: Layout): Part[] {
  const { config } = layout;
  return [
    ...(config.databaseUrl === null ? [postgresPart(layout)] : []),
    ...(config.temporal.address === null ? [temporalPart(layout)] : []),
    apiPart(layout),
    haproxyPart(layout),
    agentPart(layout),
    workerPart(layout),
  ];
}

function postgresPart(layout: Layout): Part {
  const { config } = layout;
  return {
    name: 'postgres',
    after: [],
    adopts: false,
    prepare: async () => ({ ...(await preparePostgres(join(config.home, 'postgres'))), env: {} }),
    // Waits for the server and brings the schema up to date: what the other parts need of it.
    ready: (ended) => migrate(layout, 'postgres', ended),
    stopSignal: 'SIGINT',
    graceMs: 10_000,
  };
}

function temporalPart({ config, ports, connections, urls, env }: Layout): Part {
  const folder = join(config.home, 'temporal');
  const binary = (): Promise<string> =>
    temporalBinary({ cache: config.cache, binary: config.temporal.binary });
  return {
    name: 'temporal',
    after: [],
    adopts: false,
    async prepare() {
      await mkdir(folder, { recursive: true });
      const { namespace } = config.temporal;
      const options = {
        port: ports.temporal,
        uiPort: ports.ui,
        namespace,
        database: join(folder, 'temporal.db'),
        // The UI, unlike the command line, fills in no `{namespace}`.
        codecEndpoint: `${urls.api}/codec/${namespace}`,
      };
      return {
        file: await binary(),
        args: serverArguments(options),
        env: { PATH: env.PATH, HOME: env.HOME },
      };
    },
    async ready(ended) {
      const server = { address: connections.temporalAddress, namespace: connections.temporalNamespace };
      await untilTemporalIsReady({ binary: await binary(), ...server }, 30_000, () => ended.aborted);
    },
    stopSignal: 'SIGTERM',
    graceMs: 5000,
  };
}

/** As the owner of the tables; the others work as a role that owns nothing. */
function migrate({ config, connections, env }: Layout, name: string, ended?: AbortSignal): Promise<void> {
  const asOwner = { ...env, HOLDFAST_MIGRATION_DATABASE_URL: connections.databaseUrl };
  return runOnce('infra/stack/migrate.ts', [], { home: config.home, name, env: asOwner }, ended);
}

function apiPart(layout: Layout): Part {
  const { config, urls, env } = layout;
  return {
    name: 'api',
    after: ['postgres'],
    adopts: false,
    async prepare() {
      // A database that was given by its URL is migrated by nobody else.
      if (config.databaseUrl !== null) await migrate(layout, 'api');
      return program('api/server.ts', env);
    },
    ready: (ended) => untilUrlAnswers(`${urls.api}/readyz`, slowestStartMs, () => ended.aborted),
    stopSignal: 'SIGTERM',
    graceMs: 10_000,
  };
}

function haproxyPart(layout: Layout): Part {
  const { config, ports, env } = layout;
  const { config: file, baseConfig, masterSocket, socket } = config.haproxy;
  return {
    name: 'haproxy',
    after: [],
    adopts: true,
    async prepare() {
      await ensureBaseConfiguration(baseConfig, { frontendPort: ports.frontend, socket });
      await mkdir(dirname(file), { recursive: true });
      await runOnce('proxy-agent/main.ts', ['render'], { home: config.home, name: 'proxy-agent', env });
      return {
        file: layout.haproxy,
        args: ['-W', '-S', masterSocket, '-f', file],
        env: { PATH: env.PATH },
      };
    },
    ready: (ended) => untilSocketAnswers(socket, 10_000, () => ended.aborted),
    stopSignal: 'SIGTERM',
    graceMs: 5000,
  };
}

function agentPart({ config, urls, env }: Layout): Part {
  return {
    name: 'proxy-agent',
    after: ['api', 'haproxy'],
    adopts: false,
    async prepare() {
      await trustSigningKey(secretFiles(config).publicSigningKey, config.agent.configKeys);
      const key = { HOLDFAST_API_KEY_FILE: agentKeyFile(config.home, config.agent.proxy) };
      return program('proxy-agent/main.ts', { ...env, ...key });
    },
    ready: (ended) => untilUrlAnswers(`${urls.api}/livez`, 30_000, () => ended.aborted),
    stopSignal: 'SIGTERM',
    graceMs: 5000,
  };
}

function workerPart({ config, ports, env }: Layout): Part {
  return {
    name: 'worker',
    after: ['postgres', 'temporal'],
    adopts: false,
    async prepare() {
      await ensureSigningKey(config.audit.key);
      return program('workers/main.ts', env);
    },
    ready: (ended) =>
      untilUrlAnswers(`http://127.0.0.1:${ports.metrics}/readyz`, slowestStartMs, () => ended.aborted),
    stopSignal: 'SIGTERM',
    graceMs: 15_000,
  };
}

function program(name: string, env: Layout['env']): { file: string; args: string[]; env: Layout['env'] } {
  return { file: process.execPath, args: [programFile(name)], env };
}
