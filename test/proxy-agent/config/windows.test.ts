import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { latencyBucket } from '../../../domain/latency.ts';
import { buildEnrolledHouse, type EnrolledHouse } from '../../support/enrolled-house.ts';
import { until } from '../../support/haproxy.ts';

// Two real programs beside Postgres, Temporal and the API: much for a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

/** Longer than a reload takes, shorter than a worker may live on after it. */
const slowMs = 3000;

let house: EnrolledHouse;
let server: Server;

beforeEach(async () => {
  house = await buildEnrolledHouse({ HOLDFAST_AGENT_WINDOW: '1s' });
  server = createServer((request, response) => {
    const status = Number(/^\/(\d{3})/.exec(request.url ?? '')?.[1] ?? 200);
    if (request.url?.startsWith('/cut')) {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setTimeout(() => response.destroy(), 50);
    } else setTimeout(() => response.writeHead(status).end('answer'), request.url === '/slow' ? slowMs : 0);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await house.close();
});

function base(): string {
  const { port } = server.address() as AddressInfo;
  return `${house.proxy.operatorsBase}    server s1 127.0.0.1:${port}\n`;
}

function windowsOf(sequence: number | null) {
  const all = house.api.db.selectFrom('proxy_window').selectAll().orderBy('starts_at');
  return sequence === null ? all.execute() : all.where('sequence', '=', sequence).execute();
}

async function ask(path: string): Promise<void> {
  const answer = await fetch(`${house.proxy.frontends.shop}${path}`, { headers: { connection: 'close' } });
  await answer.text().catch(() => undefined);
}

test(
  'every request is counted once, with how it ended, under the order that ran',
  { timeout: 120_000 },
  async () => {
    await house.join();
    const first = await house.production.order(base());
    await house.prove(first);
    for (let i = 0; i < 40; i += 1) await ask('/fine');
    for (let i = 0; i < 7; i += 1) await ask('/503/things?password=hunter2&user=eve@example.org');
    for (let i = 0; i < 3; i += 1) await ask('/500/eve@example.org');
    for (let i = 0; i < 5; i += 1) await ask('/404');
    for (let i = 0; i < 2; i += 1) await ask(`/fine/${'x'.repeat(7000)}`);
    await ask('/cut');
    const count = async () =>
      (await windowsOf(first.sequence)).reduce((sum, { requests }) => sum + requests, 0);
    await until('all are counted', async () => (await count()) >= 58, 30_000);
    const slow = ask('/slow');
    const second = await house.production.order(`${base()}\n`);
    await house.prove(second);
    // The old worker ends it, when the second order is in force.
    await slow;
    for (let i = 0; i < 4; i += 1) await ask('/fine');
    const later = async () =>
      (await windowsOf(second.sequence)).reduce((sum, { requests }) => sum + requests, 0);
    await until('the others as well', async () => (await later()) >= 4, 30_000);

    await until('the slow one too', async () => (await count()) >= 59, 30_000);
    const windows = await windowsOf(first.sequence);
    expect(await count()).toBe(59);
    expect(await later()).toBe(4);
    expect(windows.reduce((sum, { errors }) => sum + errors, 0)).toBe(11);
    const latency = windows.flatMap((one) => Object.values(one.latency)).reduce((sum, each) => sum + each, 0);
    expect(latency).toBeLessThanOrEqual(59);
    expect(latency).toBeGreaterThanOrEqual(58);
    for (const bucket of windows.flatMap((one) => Object.keys(one.latency)))
      expect(Number(bucket)).toBeLessThan(latencyBucket(60_000));
    const signatures = new Map<string, number>();
    for (const { signature, count: times } of windows.flatMap((one) => one.signatures))
      signatures.set(signature, (signatures.get(signature) ?? 0) + times);
    expect(Object.fromEntries(signatures)).toEqual({ '503 shop --': 7, '500 shop --': 3, '200 shop SD': 1 });
    const examples = windows.flatMap((one) => one.signatures).map(({ example }) => example);
    expect(examples).toContain('GET /503/things on shop-front, server s1');
    expect(examples.join()).not.toMatch(/hunter2|eve@/);
    // The seconds in which nothing came are told, too.
    expect(windows.some(({ requests }) => requests === 0)).toBe(true);

    const { host, port } = new URL(house.proxy.frontends.shop ?? '');
    const seenNow = () => house.api.db.selectFrom('seen_request').selectAll().execute();
    await until('a request is kept', async () => (await seenNow()).length > 0, 30_000);
    const seen = await seenNow();
    for (const request of seen)
      expect(request).toMatchObject({ environment: 'production', method: 'GET', host, port: Number(port) });
    const paths = seen.map((request) => request.path);
    expect(paths.every((path) => /^\/(fine|cut|slow|404|50[03])/.test(path))).toBe(true);
    expect(paths.join(' ')).not.toMatch(/hunter2|eve@|\?|xxx/);
  },
);

test('what was counted while the API was away is told later', async () => {
  await house.join();
  const order = await house.production.order(base());
  await house.prove(order);
  house.api.app.server.closeAllConnections();
  await house.api.db.updateTable('fleet_proxy').set({ state: 'invited' }).execute();
  for (let i = 0; i < 6; i += 1) await ask('/503');
  await until('a report is refused', () => house.proxy.agentLog().includes('was not taken'), 30_000);
  const before = await windowsOf(order.sequence);
  await house.api.db.updateTable('fleet_proxy').set({ state: 'enrolled' }).execute();
  const errors = async () => (await windowsOf(order.sequence)).reduce((sum, one) => sum + one.errors, 0);

  await until('all are told', async () => (await errors()) === 6, 40_000);
  expect(before.reduce((sum, one) => sum + one.errors, 0)).toBe(0);
});
