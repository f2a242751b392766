import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { renderConfigDocument } from '../../../domain/config-document/render/render.ts';
import type { ConfigDocument } from '../../../contracts/config-document.ts';
import { buildEnrolledHouse, type EnrolledHouse } from '../../support/enrolled-house.ts';
import { until } from '../../support/haproxy.ts';

// Two real programs beside Postgres, Temporal and the API: much for a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let house: EnrolledHouse;

afterEach(() => house.close());

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

function documentAt(port: number): ConfigDocument {
  const redirect = { location: '/there', status: 302 } as const;
  return {
    schemaVersion: 1,
    defaults: { timeouts: { connect: '1s', client: '5s', server: '5s', httpRequest: '5s' } },
    frontends: [{ name: 'web', binds: [{ address: 'node', port }], routes: [{ name: 'away', redirect }] }],
    backends: [],
  };
}

test('a document that names neither the host’s socket nor its address runs on it', async () => {
  house = await buildEnrolledHouse({ HOLDFAST_NODE_ADDRESS: '127.0.0.2' });
  const port = await freePort();
  await house.join();

  await house.prove(await house.production.order(renderConfigDocument(documentAt(port)).text));

  const answer = await fetch(`http://127.0.0.2:${port}/`, { redirect: 'manual' });
  expect(answer.status).toBe(302);
  await expect(fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual' })).rejects.toThrow();
  expect(await house.proxy.ask('show info')).toContain('Pid:');
  // Looked at every 2 s: what the agent itself has added is no drift.
  await sleep(5000);
  expect(await house.shown()).toMatchObject({ isProven: true, drift: null });
});

test('a port that somebody holds at the node’s address is found before the reload', async () => {
  house = await buildEnrolledHouse({ HOLDFAST_NODE_ADDRESS: '127.0.0.2' });
  const held = createServer();
  await new Promise<void>((done) => held.listen(0, '127.0.0.2', done));
  const { port } = held.address() as { port: number };
  await house.join();
  const order = await house.production.order(renderConfigDocument(documentAt(port)).text);
  await house.production.give(order, house.proxy.name);

  await until('it is refused', async () => (await house.shown()).outcome === 'refused', 20_000);
  held.close();

  expect((await house.shown()).failure).toContain(`127.0.0.2:${port} cannot be bound: EADDRINUSE`);
});

test('without an address of its own it listens everywhere', async () => {
  house = await buildEnrolledHouse();
  const port = await freePort();
  await house.join();

  await house.prove(await house.production.order(renderConfigDocument(documentAt(port)).text));

  for (const host of ['127.0.0.1', '127.0.0.3'])
    expect((await fetch(`http://${host}:${port}/`, { redirect: 'manual' })).status).toBe(302);
});

test('an order without files brings the operator’s own back, proven, as it is by then', async () => {
  house = await buildEnrolledHouse();
  await house.join();
  await house.prove(await house.production.order(house.base('ours')));
  writeFileSync(house.proxy.baseConfig, house.base('by hand'));
  expect(await house.answer()).toBe('ours');

  const back = await house.production.order(null);
  await house.prove(back);

  expect(await house.answer()).toBe('by hand');
  expect(await house.shown()).toMatchObject({ running: { sequence: back.sequence }, outcome: 'proven' });
  expect(readFileSync(house.proxy.config, 'utf8')).not.toContain('holdfast: begin node');
  // The operator's file is the operator's again.
  writeFileSync(house.proxy.baseConfig, house.base('by hand again'));
  expect(await house.proxy.verb('reload')).toMatchObject({ code: 0 });
  expect(await house.answer()).toBe('by hand again');
  await house.proxy.killAgent();
  await house.proxy.startAgent();
  expect(await house.answer()).toBe('by hand again');
  expect(await house.shown()).toMatchObject({ isProven: true, drift: null });
  await house.prove(await house.production.order(house.base('ours again')));
  expect(await house.answer()).toBe('ours again');
});
