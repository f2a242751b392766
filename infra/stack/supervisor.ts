import { chmodSync, mkdirSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { loadConfig, type Config } from '../../config.ts';
import { haproxyBinary } from '../haproxy/binary.ts';
import { plannedPostgresUrls, type PostgresUrls } from '../postgres/prepare.ts';
import { markOf, type ProcessMark } from '../process/proc.ts';
import { ensureSecrets } from '../secrets/ensure.ts';
import { choosePorts } from './choose-ports.ts';
import { createKeeper, type Keeper } from './keeper.ts';
import { layOut, type Layout } from './layout.ts';
import { holdStackLock } from './lock.ts';
import { lastWords, rotateLogs } from './log-file.ts';
import { createParts } from './parts.ts';
import {
  readStackRecord,
  removeStackRecord,
  writeStackRecord,
  type PartName,
  type StackRecord,
} from './record.ts';
import { endSurvivors } from './survivors.ts';

/** How often a part may come to nothing before `up` is given up. */
const attempts = 3;
const rotationMs = 30_000;

/** The one process that owns the stack: started by `holdfast up`, ended by SIGTERM. */
await supervise(loadConfig(process.env));

async function supervise(config: Config): Promise<void> {
  mkdirSync(config.home, { recursive: true });
  // PostgreSQL runs as another account when we are root, and has to pass through.
  chmodSync(config.home, 0o711);
  if (!(await holdStackLock(config.home))) return;
  const before = await readStackRecord(config.home);
  await endSurvivors(config.home);
  const { ports, notes } = await choosePorts(config, before);
  const database = await databaseUrls(config);
  const haproxy = await haproxyBinary(config);
  const secrets = await ensureSecrets(config);
  await run(layOut({ config, ports, haproxy, database, secrets, inherited: process.env }), notes);
}

async function databaseUrls({ home, databaseUrl, migrationDatabaseUrl }: Config): Promise<PostgresUrls> {
  if (databaseUrl === null) return plannedPostgresUrls(join(home, 'postgres'));
  return { owner: migrationDatabaseUrl ?? databaseUrl, application: databaseUrl };
}

async function run(layout: Layout, notes: readonly string[]): Promise<void> {
  const { home } = layout.config;
  const started = { supervisor: ourselves(), startedAt: new Date().toISOString(), notes };
  let state: StackRecord['state'] = 'starting';
  let problem: string | null = null;
  let writing: Promise<void> = Promise.resolve();
  const keepers: Keeper[] = createParts(layout).map((part) => createKeeper(part, home, record));

  function record(): void {
    writing = writing.then(() => writeStackRecord(home, view()));
  }
  function view(): StackRecord {
    const { ports, urls, connections } = layout;
    return {
      state,
      problem,
      ...started,
      ports,
      urls,
      connections,
      parts: keepers.map((keeper) => keeper.view()),
    };
  }

  const end = endAsked();
  const rotation = setInterval(() => void rotateLogs(home), rotationMs);
  try {
    await startAll(keepers, home, end);
    if (!end.asked) state = 'ready';
    record();
    flushCompileCache();
    await end.promise;
    state = 'stopping';
  } catch (error) {
    state = 'failed';
    problem = error instanceof Error ? error.message : String(error);
  }
  for (const keeper of keepers.toReversed()) await keeper.stop();
  clearInterval(rotation);
  // A failed start leaves its record, so that `up` and `status` can say why.
  if (state === 'failed') record();
  await writing;
  if (state !== 'failed') await removeStackRecord(home);
}

/** Each part as soon as what it stands on works. */
async function startAll(keepers: readonly Keeper[], home: string, end: EndAsked): Promise<void> {
  const started = new Map<PartName, Promise<void>>();
  for (const keeper of keepers) {
    const before = keeper.part.after.map((name) => started.get(name) ?? Promise.resolve());
    started.set(
      keeper.part.name,
      Promise.all(before).then(() => (end.asked ? undefined : startOne(keeper, home))),
    );
  }
  await Promise.race([Promise.all(started.values()), end.promise]);
}

async function startOne(keeper: Keeper, home: string): Promise<void> {
  const { name } = keeper.part;
  try {
    await keeper.start(attempts);
  } catch (error) {
    const said = await lastWords(home, name);
    const why = keeper.view().problem ?? String(error);
    throw new Error(`${name} did not start: ${why}${said === '' ? '' : `\n${said}`}`);
  }
}

interface EndAsked {
  readonly asked: boolean;
  readonly promise: Promise<void>;
}

function endAsked(): EndAsked {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = { asked: false, promise };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      end.asked = true;
      resolve();
    });
  }
  return end;
}

function ourselves(): ProcessMark {
  return markOf(process.pid) ?? { pid: process.pid, startTicks: 0 };
}
