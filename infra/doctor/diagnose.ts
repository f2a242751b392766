import type { Config } from '../../config.ts';
import { connectUnwalled } from '../../db/connect.ts';
import { isSupervised, readStackRecord, type StackRecord } from '../stack/record.ts';
import { checkApi } from './api.ts';
import { judgeClock, readHttpClock } from './clock.ts';
import { checkDatabaseClocks } from './database-clocks.ts';
import { checkDisk } from './disk.ts';
import type { Finding } from './finding.ts';
import { checkFleet } from './fleet.ts';
import { checkHaproxy } from './haproxy.ts';
import { checkNode } from './node-version.ts';
import { checkPollers } from './pollers.ts';
import { checkPorts } from './ports.ts';
import { checkMigrations, checkPostgres } from './postgres.ts';
import { checkProxies } from './proxies.ts';
import { checkStack } from './stack-state.ts';
import { withTemporal, type TemporalPlace } from './temporal.ts';
import { checkTrustedKeys } from './trusted-keys.ts';
import { whereToLook, type Where } from './where.ts';

const none: Promise<Finding[]> = Promise.resolve([]);

/** Every check that can be made from here; each finding says what is wrong and the fix. */
export async function diagnose(config: Config): Promise<Finding[]> {
  const record = await readStackRecord(config.home);
  const where = whereToLook(config, record);
  const groups = await Promise.all([
    checkHaproxy(config).then((finding) => [finding]),
    checkDisk(config.home).then((finding) => [finding]),
    checkMachine(config, record),
    where.databaseUrl === null ? none : checkDatabase(where.databaseUrl),
    where.temporal === null ? none : checkTemporal(where.temporal),
    where.apiUrl === null ? none : checkApi(where.apiUrl).then((finding) => [finding]),
    checkHttpClocks(where),
  ]);
  return [checkNode(process.versions.node), ...groups.flat()];
}

/** With both servers given by address, no stack is expected on this machine. */
async function checkMachine(config: Config, record: StackRecord | null): Promise<Finding[]> {
  const running = record !== null && isSupervised(record);
  if (!running && config.databaseUrl !== null && config.temporal.address !== null) return [];
  const rest = running ? [await checkTrustedKeys(config)] : await checkPorts(config);
  return [...checkStack(record), ...rest];
}

async function checkDatabase(url: string): Promise<Finding[]> {
  const reachable = await checkPostgres(url);
  if (!reachable.ok) return [reachable];
  const db = connectUnwalled(url, { max: 1 });
  try {
    const migrations = await checkMigrations(db);
    if (!migrations.ok) return [reachable, migrations];
    const proxies = [...(await checkProxies(db)), ...(await checkFleet(db))];
    return [reachable, migrations, ...proxies, ...(await checkDatabaseClocks(db))];
  } finally {
    await db.destroy();
  }
}

function checkTemporal(temporal: TemporalPlace): Promise<Finding[]> {
  return withTemporal(temporal, (connection) => checkPollers(connection, temporal.namespace));
}

async function checkHttpClocks({ apiUrl, temporalUiUrl }: Where): Promise<Finding[]> {
  const readings = await Promise.all([
    apiUrl === null ? null : readHttpClock('the API', `${apiUrl}/livez`),
    temporalUiUrl === null ? null : readHttpClock('Temporal', temporalUiUrl),
  ]);
  return readings.filter((reading) => reading !== null).map(judgeClock);
}
