import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { arrivalTimes } from '../../bench/load-arrivals.ts';
import { startLoad, type Answer } from '../../bench/load.ts';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

describe('open-loop load', () => {
  test('requests leave on schedule while the server stalls, and latency counts from the schedule', async () => {
    let began: number | null = null;
    const { url } = await serve((_, response) => {
      began ??= performance.now();
      setTimeout(() => response.end(), Math.max(1, began + 1000 - performance.now()));
    });

    const answers: Answer[] = [];
    const load = startLoad({
      url,
      ratePerSecond: 100,
      maxSeconds: 1.5,
      onAnswer: (answer) => answers.push(answer),
    });
    const report = await load.ended;

    expect(report).toMatchObject({ requests: 151, failed: 0 });
    const scheduled = answers.map((answer) => answer.scheduledAt).sort((a, b) => a - b);
    const gaps = scheduled.slice(1).map((at, index) => at - (scheduled[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(10.01);
    // Of 100 requests in the stall each waited for the rest of it: half of them half a second and more.
    expect(report.latencyMs.max).toBeGreaterThan(850);
    expect(answers.filter((answer) => answer.answeredAt - answer.scheduledAt > 400).length).toBeGreaterThan(
      45,
    );
  });

  test('answers are counted by version, failures of nobody by their reason', async () => {
    let count = 0;
    const { url } = await serve((_, response) => {
      count += 1;
      if (count % 4 === 0) response.writeHead(503).end();
      else if (count % 4 === 1) response.writeHead(500, { 'x-version': 'v2' }).end();
      else response.writeHead(200, { 'x-version': 'v1' }).end();
    });

    const began = Date.now();
    const report = await startLoad({ url, ratePerSecond: 200, maxSeconds: 10, maxRequests: 40 }).ended;

    expect(report).toMatchObject({ requests: 40, failed: 20, failedWithoutVersion: 10 });
    expect(report.reasons).toEqual({ 'HTTP 503': 10 });
    expect(report.versions['v1']).toMatchObject({ requests: 20, failed: 0, firstBadAt: null });
    const v2 = report.versions['v2'];
    expect(v2).toMatchObject({ requests: 10, failed: 10 });
    expect(v2?.firstBadAt).toBe(v2?.firstAt);
    expect(v2?.lastBadAt).toBe(v2?.lastAt);
    expect(v2?.firstAt).toBeGreaterThanOrEqual(began);
    expect(v2?.lastAt).toBeLessThanOrEqual(Date.now());
  });

  test('a connection closed in the moment of its use is no failure, a reset of a new one is', async () => {
    let requests = 0;
    const { url } = await serve((request, response) => {
      requests += 1;
      // The second request on a connection finds it closed, as after an idle time-out.
      if (usesOf(request.socket) > 1) request.socket.destroy();
      else response.end();
    });
    const report = await startLoad({ url, ratePerSecond: 20, maxSeconds: 5, maxRequests: 5 }).ended;
    expect(report).toMatchObject({ requests: 5, failed: 0 });
    expect(report.resent).toBeGreaterThan(0);
    expect(requests).toBe(5 + report.resent);

    const resetting = await serve((request) => void request.socket.destroy());
    const failed = await startLoad({ ...resetting, ratePerSecond: 20, maxSeconds: 5, maxRequests: 3 }).ended;
    expect(failed).toMatchObject({ requests: 3, failed: 3, failedWithoutVersion: 3, resent: 0 });
  });

  test('more open requests than allowed are failures, never a queue', async () => {
    const { url } = await serve(() => undefined);

    const load = startLoad({
      url,
      ratePerSecond: 200,
      maxSeconds: 5,
      maxRequests: 20,
      maxInFlight: 8,
      timeoutMs: 300,
    });
    const report = await load.ended;

    expect(report).toMatchObject({ requests: 20, failed: 20 });
    expect(report.reasons).toEqual({ 'too many open': 12, 'no answer in time': 8 });
  });

  test('a stop waits for what is in flight; so does an abort', async () => {
    const { url } = await serve((_, response) => void setTimeout(() => response.end(), 200));
    const load = startLoad({ url, ratePerSecond: 100, maxSeconds: 60 });
    await delay(100);
    const report = await load.stop();
    expect(report.failed).toBe(0);
    expect(report.requests).toBeGreaterThan(0);
    expect(load.snapshot()).toEqual(report);

    const caller = new AbortController();
    const aborted = startLoad({ url, ratePerSecond: 100, maxSeconds: 60, signal: caller.signal });
    await delay(50);
    caller.abort();
    expect((await aborted.ended).failed).toBe(0);
  });

  test.each(['http://192.0.2.1/', 'http://example.org/', 'http://127.0.0.2.example.org/'])(
    'never leaves the machine: %s',
    (url) => {
      expect(() => startLoad({ url, ratePerSecond: 1, maxSeconds: 1 })).toThrow(/loopback only/);
    },
  );

  test.each([
    [0, 1],
    [Number.NaN, 1],
    [1, 0],
  ])('a rate of %d over %d s is refused', (ratePerSecond, maxSeconds) => {
    expect(() => startLoad({ url: 'http://127.0.0.1:1/', ratePerSecond, maxSeconds })).toThrow(/above 0/);
  });
});

describe('arrivals', () => {
  test('constant ones are even', () => {
    expect(first(4, arrivalTimes({ ratePerSecond: 200 }))).toEqual([0, 5, 10, 15]);
  });

  test('poisson ones repeat with their seed, differ with another, and keep the rate', () => {
    const times = (seed: number): number[] =>
      first(20_000, arrivalTimes({ ratePerSecond: 100, arrivals: 'poisson', seed }));

    expect(times(7)).toEqual(times(7));
    expect(times(7)).not.toEqual(times(8));
    const gaps = times(7)
      .slice(1)
      .map((at, index, all) => at - (index === 0 ? 0 : (all[index - 1] ?? 0)));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    // Exponential gaps: mean 10 ms, and a deviation as large as the mean.
    expect(mean).toBeCloseTo(10, 0);
    expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1);
  });
});

const uses = new WeakMap<object, number>();

function usesOf(socket: object): number {
  const count = (uses.get(socket) ?? 0) + 1;
  uses.set(socket, count);
  return count;
}

function first(count: number, times: Generator<number, never>): number[] {
  return Array.from({ length: count }, () => times.next().value);
}

async function serve(listener: RequestListener): Promise<{ url: string }> {
  const server = createServer(listener);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}
