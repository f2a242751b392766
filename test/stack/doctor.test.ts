import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { loadConfig } from '../../config.ts';
import { connectUnwalled } from '../../db/connect.ts';
import { checkApi } from '../../infra/doctor/api.ts';
import { judgeClock, readHttpClock } from '../../infra/doctor/clock.ts';
import { checkDatabaseClocks } from '../../infra/doctor/database-clocks.ts';
import { checkDisk } from '../../infra/doctor/disk.ts';
import type { Finding } from '../../infra/doctor/finding.ts';
import { checkHaproxy } from '../../infra/doctor/haproxy.ts';
import { checkNode } from '../../infra/doctor/node-version.ts';
import { checkPollers } from '../../infra/doctor/pollers.ts';
import { checkPorts } from '../../infra/doctor/ports.ts';
import { checkMigrations, checkPostgres } from '../../infra/doctor/postgres.ts';
import { checkProxies } from '../../infra/doctor/proxies.ts';
import { checkStack } from '../../infra/doctor/stack-state.ts';
import { withTemporal } from '../../infra/doctor/temporal.ts';
import { freePort } from '../../infra/net/ports.ts';
import { testDatabase } from '../support/postgres.ts';

const folder = await mkdtemp(join(tmpdir(), 'holdfast-doctor-'));
const database = await testDatabase();
const db = connectUnwalled(database.url, { max: 2 });
afterAll(async () => {
  await db.destroy();
  await database.close();
  await rm(folder, { recursive: true });
});

test('a Node that cannot run the code', () => {
  expectWrong(checkNode('20.20.2'), 'Node 20.20.2');
  expect(checkNode('22.18.0').ok).toBe(true);
  expect(checkNode('24.1.0').ok).toBe(true);
});

test('a disk without room', async () => {
  expectWrong(await checkDisk(join(folder, 'not/there/yet'), 1e9), 'MiB left');
  expect((await checkDisk(folder, 1)).ok).toBe(true);
});

describe('HAProxy', () => {
  test('that is missing', async () => {
    const config = loadConfig({ HOLDFAST_HAPROXY_BIN: join(folder, 'absent') });

    expectWrong(await checkHaproxy(config), 'cannot be run');
  });

  test('that is too old', async () => {
    const binary = join(folder, 'haproxy');
    await writeFile(binary, '#!/bin/sh\necho "HAProxy version 2.2.9-2 2021/05/10"\n');
    await chmod(binary, 0o755);

    expectWrong(await checkHaproxy(loadConfig({ HOLDFAST_HAPROXY_BIN: binary })), '2.2.9');
  });

  test('that is here', async () => {
    expect(await checkHaproxy(loadConfig(process.env))).toEqual({ name: 'haproxy', ok: true });
  });
});

test('a port that somebody else holds, and who it is', async () => {
  const server = await listen();
  const env = { HOLDFAST_API_PORT: String(server.port), HOLDFAST_FRONTEND_PORT: String(await freePort()) };

  const findings = await checkPorts(loadConfig(env));

  const api = findings.find((finding) => finding.name === 'port of api');
  expectWrong(api, `pid ${process.pid}`);
  expect(api?.fix).toContain('HOLDFAST_API_PORT');
  expect(findings.find((finding) => finding.name === 'port of frontend')?.ok).toBe(true);
  await server.close();
});

describe('PostgreSQL', () => {
  test('that does not answer', async () => {
    const url = `postgres://nobody@127.0.0.1:${await freePort()}/none`;

    expectWrong(await checkPostgres(url), 'does not answer');
  });

  test('that is not migrated', async () => {
    const admin = new pg.Client({ connectionString: inject('postgresUrl') });
    await admin.connect();
    const name = `empty_${process.pid}`;
    await admin.query(`create database ${name}`);
    const empty = connectUnwalled(inject('postgresUrl').replace('/holdfast?', `/${name}?`), { max: 1 });

    expectWrong(await checkMigrations(empty), '0001-skeleton');

    await empty.destroy();
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  });

  test('that is well', async () => {
    expect((await checkPostgres(database.url)).ok).toBe(true);
    expect((await checkMigrations(db)).ok).toBe(true);
  });
});

describe('Temporal', () => {
  const { credentials } = loadConfig({}).temporal;

  test('that does not answer', async () => {
    const address = `127.0.0.1:${await freePort()}`;

    const findings = await withTemporal({ address, namespace: 'holdfast', credentials }, () =>
      Promise.resolve([]),
    );

    expectWrong(findings[0], 'does not answer');
  });

  test('without a namespace of ours', async () => {
    const { address } = inject('temporal');

    const findings = await withTemporal({ address, namespace: 'absent', credentials }, () =>
      Promise.resolve([]),
    );

    expectWrong(findings[0], 'absent');
  });

  test('with queues that no worker polls', async () => {
    // Our workers poll in the namespace of the run; this one is always there and always empty.
    const temporal = { address: inject('temporal').address, namespace: 'default', credentials };

    const findings = await withTemporal(temporal, (connection) => checkPollers(connection, 'default'));

    expect(findings.map((finding) => finding.ok)).toEqual([true, false, false, false, false, false]);
    expect(findings.slice(1).every((finding) => finding.problem === 'no worker polls')).toBe(true);
  });
});

describe('a clock that is off', () => {
  const reading = { whose: 'PostgreSQL', before: 100_000, after: 100_010, resolutionMs: 1 };

  test.each([
    ['ahead', 112_000, '12.0 s ahead'],
    ['behind', 88_000, '12.0 s behind'],
  ])('%s', (_way, theirs, said) => {
    expectWrong(judgeClock({ ...reading, theirs }), said);
  });

  test('by less than what the question took and whole seconds hide', () => {
    expect(judgeClock({ ...reading, theirs: 100_005 }).ok).toBe(true);
    expect(judgeClock({ ...reading, theirs: 98_100, resolutionMs: 1000 }).ok).toBe(true);
  });

  test('as the Date of an answer tells', async () => {
    const server = await listen((response) =>
      response.setHeader('date', new Date(Date.now() - 60_000).toUTCString()),
    );

    const found = await readHttpClock('the API', `http://127.0.0.1:${server.port}/`);

    expectWrong(found === null ? undefined : judgeClock(found), 'behind');
    await server.close();
  });

  test('as the report of a proxy agent tells', async () => {
    await report('skewed', { now: new Date(Date.now() - 30_000).toISOString() });

    const findings = await checkDatabaseClocks(db);

    expectWrong(
      findings.find((finding) => finding.name.includes('skewed')),
      'behind',
    );
    expect(findings[0]).toEqual({ name: 'clock of PostgreSQL', ok: true });
    await forget('skewed');
  });
});

describe('proxies', () => {
  test('that were never heard', async () => {
    expectWrong((await checkProxies(db, 0))[0], 'no proxy agent');
  });

  test.each([
    ['with a dead HAProxy', { reachable: false }, 'socket'],
    ['with a refused configuration', { configError: 'line 3' }, 'line 3'],
    ['stopped on the spot', { stopped: 'fire' }, 'fire'],
  ])('%s', async (_name, planted, said) => {
    await report('local', planted);

    expectWrong((await checkProxies(db))[0], said);
    await forget('local');
  });

  test('that fell silent', async () => {
    await report('local', {}, 60);

    expectWrong((await checkProxies(db))[0], 'last heard');
    await forget('local');
  });
});

test('an API that does not answer', async () => {
  expectWrong(await checkApi(`http://127.0.0.1:${await freePort()}`), 'ECONNREFUSED');
});

test('a stack that is down', () => {
  expectWrong(checkStack(null)[0], 'down');
});

function expectWrong(finding: Finding | undefined, said: string): void {
  expect(finding).toMatchObject({ ok: false, problem: expect.stringContaining(said) as string });
  expect(finding?.fix?.length).toBeGreaterThan(5);
}

async function report(name: string, planted: Record<string, unknown>, secondsAgo = 0): Promise<void> {
  const whole = {
    agentVersion: '1',
    haproxyVersion: '2.6.12',
    reachable: true,
    stopped: null,
    configError: null,
    backends: [],
    proven: [],
    now: new Date().toISOString(),
    ...planted,
  };
  await db
    .insertInto('proxy')
    .values({
      name,
      revision: 0,
      last_seen: new Date(Date.now() - secondsAgo * 1000),
      report: JSON.stringify(whole),
    })
    .execute();
}

async function forget(name: string): Promise<void> {
  await db.deleteFrom('proxy').where('name', '=', name).execute();
}

async function listen(
  prepare: (response: { setHeader(name: string, value: string): unknown }) => void = () => undefined,
): Promise<{ port: number; close(): Promise<void> }> {
  const server: Server = createServer((_request, response) => {
    prepare(response);
    response.end('ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
