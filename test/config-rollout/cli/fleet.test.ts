import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConfigDrift, ConfigReport } from '../../../contracts/config-bundle.ts';
import { keepReports } from '../../../db/config-rollout/keep-reports.ts';
import { auditOf } from '../../support/audit.ts';
import { testEnvironment, type TestEnvironment, type TestOrder } from '../../support/fleet.ts';
import { cliHouse, type CliHouse } from './house.ts';

let house: CliHouse;
let production: TestEnvironment;
beforeAll(async () => {
  house = await cliHouse();
  production = await testEnvironment(house.api.db);
});
afterAll(() => house.close());

const proxy = (...argv: string[]) => house.run('proxy', ...argv);
let names = 0;

function newName(): string {
  names += 1;
  return `edge-${names}`;
}

async function enrolled(): Promise<string> {
  const name = newName();
  const { stdout } = await proxy('enroll', name);
  const { status } = await house.api.call('POST', '/v1/proxy-enrollments', { token: stdout.trim() });
  expect(status).toBe(201);
  return name;
}

/** What an agent would tell of an order. */
async function report(name: string, order: TestOrder, told: Partial<ConfigReport> = {}): Promise<void> {
  const ref = { revision: order.revision ?? '', sequence: order.sequence, hash: order.hash };
  const body: ConfigReport = {
    ...{ attempted: ref, running: ref, lastKnownGood: ref, phase: 'idle', outcome: 'proven', refusal: null },
    ...{ failure: null, failedStep: null, timings: {}, drift: null, agentVersion: '0.1.0' },
    haproxy: { version: '2.6.12', oldWorkers: 0, failedReloads: 0 },
    now: new Date().toISOString(),
    ...told,
  };
  await keepReports(house.api.db, [{ proxy: name, report: body }]);
}

test('the token is alone on stdout, and what to run on the node is on stderr', async () => {
  const name = newName();

  const invited = await proxy(
    'enroll',
    name,
    '--region',
    'fra',
    '--label',
    'tier=edge',
    'rack=7',
    '--address',
    '10.0.0.9',
    '--valid-for',
    '1h',
  );
  const shown = await proxy('show', name, '--json');

  expect(invited).toMatchObject({ code: 0, stdout: expect.stringMatching(/^hfe_[A-Za-z0-9_-]{43}\n$/) });
  expect(invited.stderr).toContain(`HOLDFAST_API_URL=${house.url} HOLDFAST_PROXY=${name}`);
  expect(invited.stderr).toContain('node proxy-agent/main.ts enroll --token-file FILE');
  expect(invited.stderr).not.toContain('hfe_');
  expect(shown.json()).toMatchObject({
    ...{ proxy: name, environment: 'production', region: 'fra', address: '10.0.0.9', state: 'invited' },
    labels: { tier: 'edge', rack: '7' },
  });
});

test('a token goes into a file for its owner alone, which is never overwritten', async () => {
  const path = house.path('one.token');

  const invited = await proxy('enroll', newName(), '--token-file', path, '--json');
  const again = await proxy('enroll', newName(), '--token-file', path);
  const nowhere = await proxy('enroll', 'odd', '--env', 'nowhere', '--token-file', house.path('two.token'));

  expect(invited).toMatchObject({ code: 0, stderr: expect.stringContaining(path) });
  expect(invited.json()).toMatchObject({ tokenFile: path });
  expect(invited.json()).not.toHaveProperty('token');
  expect(await house.read('one.token')).toMatch(/^hfe_[A-Za-z0-9_-]{43}\n$/);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('there already') });
  expect(nowhere).toMatchObject({ code: 4, stdout: '' });
  await expect(stat(house.path('two.token'))).rejects.toThrow();
});

test('drift lists each proxy that is not as ordered, and says so with its exit code', async () => {
  const env = await testEnvironment(house.api.db, 'drifting');
  const [good = '', edited = '', refused = ''] = [newName(), newName(), newName()];
  for (const name of [good, edited, refused]) {
    const { stdout } = await proxy('enroll', name, '--env', 'drifting');
    await house.api.call('POST', '/v1/proxy-enrollments', { token: stdout.trim() });
  }
  const order = await env.order('global\n');
  const drift: ConfigDrift = {
    ...{ kind: 'file', detail: 'haproxy.cfg was edited', since: '2026-01-01T00:00:00.000Z' },
    ...{ policy: 'adopt', mended: false, content: 'a\nb' },
  };
  await env.give(order, good, edited, refused);
  await report(good, order);
  await report(edited, order, { drift });
  await report(refused, order, { running: null, outcome: 'refused', failure: 'line 3 is odd' });

  const found = await house.run('config', 'drift', '--env', 'drifting');
  const json = await house.run('config', 'drift', '--env', 'drifting', '--json');
  const list = await proxy('list', '--env', 'drifting');
  await report(edited, order);
  await report(refused, order);
  const none = await house.run('config', 'drift', '--env', 'drifting');

  expect(found).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('2 of 3 proxies of drifting are not'),
  });
  expect(found.stdout).toContain('file: haproxy.cfg was edited');
  expect(found.stdout).toContain('line 3 is odd');
  expect(found.stdout).not.toContain(good);
  expect(json.code).toBe(1);
  expect(json.json()).toMatchObject([{ proxy: edited }, { proxy: refused }]);
  expect(list.stdout).toMatch(new RegExp(`${good} .*proven`));
  expect(list.stdout).toMatch(new RegExp(`${edited} .*drift: file`));
  expect(none).toMatchObject({ code: 0, stdout: 'all 3 proxies of drifting are as ordered\n' });
});

test('a proxy is listed and shown with its order, and removed with a reason for the audit', async () => {
  const name = await enrolled();
  const order = await production.order('global\n');
  await production.give(order, name);
  await report(name, order);

  const list = await proxy('list', '--json');
  const shown = await proxy('show', name);
  const without = await proxy('remove', name);
  const removed = await proxy('remove', name, '--reason', 'it is sold');
  const audit = await auditOf(house.api.db, { action: 'proxy.remove' });

  expect(list.json()).toEqual(expect.arrayContaining([expect.objectContaining({ proxy: name })]));
  expect(shown.stdout).toMatch(/state +proven/);
  expect(shown.stdout).toMatch(/haproxy +2\.6\.12/);
  expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason') });
  expect(removed).toMatchObject({ code: 0 });
  expect(audit).toMatchObject([{ detail: { environment: 'production', reason: 'it is sold' } }]);
  expect((await proxy('show', name)).code).toBe(4);
  expect((await proxy('remove', name, '--reason', 'x')).code).toBe(4);
});
