import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { buildEnrolledHouse, type EnrolledHouse } from '../../support/enrolled-house.ts';
import { until } from '../../support/haproxy.ts';

// Two real programs beside Postgres, Temporal and the API: much for a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let house: EnrolledHouse;

beforeEach(async () => {
  house = await buildEnrolledHouse();
});
afterEach(() => house.close());

test('a proxy enrols, fetches its signed configuration through the API, and is proven to run it', async () => {
  const token = await house.invite();

  const enrolled = await house.proxy.verb('enroll', '--token-file', token);
  const again = await house.proxy.verb('enroll', '--token-file', token);
  await house.proxy.startAgent();
  await house.prove(await house.production.order(house.base('one')));

  expect(enrolled).toMatchObject({ code: 0, stdout: 'proxy edge-1 is enrolled in default/production\n' });
  expect(again).toMatchObject({
    code: 0,
    stdout: 'proxy edge-1 is enrolled in default/production already\n',
  });
  expect(await house.answer()).toBe('one');
  const key = readFileSync(house.proxy.env.HOLDFAST_API_KEY_FILE ?? '', 'utf8').trim();
  expect(statSync(house.proxy.env.HOLDFAST_API_KEY_FILE ?? '').mode & 0o777).toBe(0o600);
  const told = JSON.stringify([enrolled, again]) + house.proxy.agentLog();
  expect(told).not.toContain(key);
  expect(told).not.toContain(readFileSync(token, 'utf8').trim());
  await house.prove(await house.production.order(house.base('two')));
  expect(await house.answer()).toBe('two');
  expect(await house.shown()).toMatchObject({ agentVersion: '0.2.0', outcome: 'proven', failure: null });
});

test('one that is enrolled tells that it is there before any configuration came', async () => {
  await house.join();

  await until('it is heard', async () => (await house.shown()).reportedAt !== null, 15_000);

  expect(await house.shown()).toMatchObject({ running: null, desired: null, isProven: false });
});

test('a token that was used says so, and the key of before stays', async () => {
  const token = await house.invite();
  await house.proxy.verb('enroll', '--token-file', token);
  const { HOLDFAST_API_KEY_FILE: file = '' } = house.proxy.env;
  const key = readFileSync(file, 'utf8');
  writeFileSync(join(house.proxy.folder, 'agent/enrolment.json'), '');

  const other = await house.proxy.verb('enroll', '--token-file', token);

  expect(other).toMatchObject({ code: 0 });
  expect(readFileSync(file, 'utf8')).toBe(key);
  writeFileSync(file, '');
  const lost = await house.proxy.verb('enroll', '--token-file', token);
  expect(lost.code).toBe(1);
  expect(lost.stderr).toContain('unknown, used or expired');
});

test('killed between the trade and the writing of the key, the next run says what to do', async () => {
  const token = await house.invite();
  const between = await startBetween(house.api.url);
  const env = { ...house.proxy.env, HOLDFAST_API_URL: between.url };
  const main = resolve(import.meta.dirname, '../../../proxy-agent/main.ts');
  const child = spawn(process.execPath, [main, 'enroll', '--token-file', token], { env, stdio: 'ignore' });
  await between.answered;
  child.kill('SIGKILL');
  await once(child, 'exit');
  between.server.closeAllConnections();
  between.server.close();

  const next = await house.proxy.verb('enroll', '--token-file', token);

  expect((await house.shown()).state).toBe('enrolled');
  expect(next.code).toBe(1);
  expect(next.stderr).toContain('DELETE /v1/projects/default/fleet/edge-1');
  await house.api.call('DELETE', 'fleet/edge-1');
  const anew = await house.proxy.verb('enroll', '--token-file', await house.invite());
  expect(anew).toMatchObject({ code: 0, stdout: 'proxy edge-1 is enrolled in default/production\n' });
});

test('without a token nothing is asked, and a wrong one leaves nothing behind', async () => {
  const none = await house.proxy.verb('enroll');
  const file = join(house.proxy.folder, 'token');
  writeFileSync(file, 'hfe_short');
  const short = await house.proxy.verb('enroll', '--token-file', file);
  writeFileSync(file, `hfe_${'A'.repeat(43)}`);
  const wrong = await house.proxy.verb('enroll', '--token-file', file);

  expect([none.code, short.code, wrong.code]).toEqual([2, 2, 1]);
  expect(wrong.stderr).toContain('have an admin of the project invite the proxy again');
  expect(existsSync(join(house.proxy.folder, 'agent/enrolment.json'))).toBe(false);
});

/** Passes requests on and keeps the answers to itself. */
async function startBetween(api: string): Promise<{ url: string; server: Server; answered: Promise<void> }> {
  const { promise: answered, resolve: tell } = Promise.withResolvers<void>();
  const server = createServer((request) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const headers = { 'content-type': 'application/json' };
      const body = Buffer.concat(parts);
      void fetch(`${api}${request.url}`, { method: 'POST', headers, body }).then(() => tell());
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, answered };
}
