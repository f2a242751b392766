import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { startLoad } from '../../bench/load.ts';

const script = join(import.meta.dirname, '../../infra/demo/sample-service.ts');
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

describe('the sample service', () => {
  test('tells its version on every path, and its health', async () => {
    const { url } = await sample(['--version', 'v7']);

    const response = await fetch(`${url}/any/path?x=1`);

    expect(response.status).toBe(200);
    expect(response.headers.get('x-version')).toBe('v7');
    expect(await response.json()).toEqual({ version: 'v7' });
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  test('fails at the rate and takes the time it was ordered, but its health is apart', async () => {
    const { url } = await sample(['--error-rate', '0.3', '--latency-ms', '20', '--unhealthy']);
    expect((await fetch(`${url}/health`)).status).toBe(503);

    const report = await startLoad({ url, ratePerSecond: 400, maxSeconds: 30, maxRequests: 800 }).ended;

    expect(report.failedWithoutVersion).toBe(0);
    // Eight standard deviations of a binomial count around 240.
    expect(Math.abs(report.failed - 240)).toBeLessThan(104);
    expect(report.latencyMs.p50).toBeGreaterThan(18);
  });

  test('takes other faults while it runs, but only where that was allowed', async () => {
    const closed = await sample([]);
    expect((await order(closed.url, { errorRate: 1 })).status).toBe(403);
    expect((await fetch(closed.url)).status).toBe(200);

    const open = await sample([], { HOLDFAST_SAMPLE_CONTROL: '1' });
    expect((await order(open.url, { errorRate: 1 })).status).toBe(200);
    expect((await fetch(open.url)).status).toBe(500);
    expect((await order(open.url, 'garbage')).status).toBe(400);
    await order(open.url, { errorRate: 0 });
    expect((await fetch(open.url)).status).toBe(200);
  });

  test('SIGTERM under load: what is in flight is answered, then it ends', async () => {
    const { url, child } = await sample(['--latency-ms', '50']);
    const load = startLoad({ url, ratePerSecond: 200, maxSeconds: 30 });
    await delay(500);

    child.kill('SIGTERM');
    const report = await load.stop();

    expect(report).toMatchObject({ failed: 0, resent: 0 });
    expect(report.requests).toBeGreaterThan(50);
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).toBe(0);
  });
});

async function sample(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ url: string; child: ChildProcess }> {
  const port = await freePort();
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...env, PORT: String(port) },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  children.push(child);
  const url = `http://127.0.0.1:${port}`;
  await expect
    .poll(
      () =>
        fetch(`${url}/health`).then(
          ({ status }) => status,
          () => 0,
        ),
      { timeout: 15_000 },
    )
    .not.toBe(0);
  return { url, child };
}

function order(url: string, faults: unknown): Promise<Response> {
  const body = typeof faults === 'string' ? faults : JSON.stringify(faults);
  return fetch(`${url}/control`, { method: 'POST', body });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
