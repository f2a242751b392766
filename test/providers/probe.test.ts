import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createHttpProbe } from '../../providers/probe/http.ts';
import { createMemoryProbe } from '../../providers/probe/memory.ts';

const never = new AbortController().signal;
const probe = createHttpProbe();
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

describe('probe over HTTP', () => {
  test.each([200, 204, 299])('%i is healthy', async (status) => {
    const address = await serve((_, response) => response.writeHead(status).end());

    expect(await probe.check(address, '/health', 2000, never)).toEqual({ healthy: true });
  });

  test.each([301, 404, 500, 503])('%i is not, and is told', async (status) => {
    const address = await serve((_, response) => response.writeHead(status, { location: '/' }).end());

    const health = await probe.check(address, '/health', 2000, never);

    expect(health).toEqual({ healthy: false, reason: `HTTP ${status}` });
  });

  test('asks for the path it was given', async () => {
    const asked: (string | undefined)[] = [];
    const address = await serve(({ method, url }, response) => {
      asked.push(`${method} ${url}`);
      response.end();
    });

    await probe.check(address, '/healthz?full=1', 2000, never);

    expect(asked).toEqual(['GET /healthz?full=1']);
  });

  test('nobody listens: unhealthy with the reason', async () => {
    const address = await serve(() => undefined);
    const [server] = servers.splice(0);
    server?.close();

    const health = await probe.check(address, '/health', 2000, never);

    expect(health).toEqual({ healthy: false, reason: 'ECONNREFUSED' });
  });

  test('no answer in time: unhealthy at the limit, not later', async () => {
    const address = await serve(() => undefined);
    const began = performance.now();

    const health = await probe.check(address, '/health', 200, never);

    expect(health).toEqual({ healthy: false, reason: 'no answer within 200 ms' });
    expect(performance.now() - began).toBeGreaterThanOrEqual(190);
  });

  test('called off: says so', async () => {
    const address = await serve(() => undefined);
    const caller = new AbortController();
    const checked = probe.check(address, '/health', 10_000, caller.signal);
    caller.abort();

    expect(await checked).toEqual({ healthy: false, reason: 'the check was called off' });
    expect(await probe.check(address, '/health', 10_000, caller.signal)).toMatchObject({ healthy: false });
  });

  test('an answer whose body never ends is healthy', async () => {
    const address = await serve((_, response) => void response.writeHead(200).write('on and on'));

    expect(await probe.check(address, '/health', 2000, never)).toEqual({ healthy: true });
  });

  test('a connection that is cut is unhealthy', async () => {
    const address = await serve((request) => void request.socket.destroy());

    expect(await probe.check(address, '/health', 2000, never)).toEqual({
      healthy: false,
      reason: 'ECONNRESET',
    });
  });

  test('an answer that stops in the middle of its headers is given up in time', async () => {
    const address = await serve((request) => void request.socket.write('HTTP/1.1 200 OK\r\nx-'));

    const health = await probe.check(address, '/health', 200, never);

    expect(health).toEqual({ healthy: false, reason: 'no answer within 200 ms' });
  });

  test('something that speaks no HTTP is unhealthy', async () => {
    const server = await listening(createServer());
    server.on('connection', (socket) => socket.end('SSH-2.0-sample\r\n'));

    expect(await probe.check(addressOf(server), '/health', 2000, never)).toMatchObject({ healthy: false });
  });

  test.each(['', 'no address', '127.0.0.1:99999'])(
    'address "%s" is unhealthy, not a fault',
    async (address) => {
      expect(await probe.check(address, '/health', 2000, never)).toMatchObject({ healthy: false });
    },
  );

  test('keeps no connection, so an instance that ends is not held up', async () => {
    const address = await serve((_, response) => response.end());
    await probe.check(address, '/health', 2000, never);
    const [server] = servers;

    await expect
      .poll(() => new Promise((resolve) => server?.getConnections((_, count) => resolve(count))))
      .toBe(0);
  });
});

describe('the twin', () => {
  test('finds everything healthy but what a test made sick, until it is healed', async () => {
    const twin = createMemoryProbe();
    expect(await twin.check('127.0.0.1:1', '/', 1, never)).toEqual({ healthy: true });

    twin.sicken('127.0.0.1:1', 'HTTP 503');
    expect(await twin.check('127.0.0.1:1', '/', 1, never)).toEqual({ healthy: false, reason: 'HTTP 503' });
    expect(await twin.check('127.0.0.1:2', '/', 1, never)).toEqual({ healthy: true });

    twin.heal('127.0.0.1:1');
    expect(await twin.check('127.0.0.1:1', '/', 1, never)).toEqual({ healthy: true });
  });

  test('answers a check that was called off as the real one does', async () => {
    expect(await createMemoryProbe().check('127.0.0.1:1', '/', 1, AbortSignal.abort())).toEqual({
      healthy: false,
      reason: 'the check was called off',
    });
  });
});

async function serve(listener: RequestListener): Promise<string> {
  return addressOf(await listening(createServer(listener)));
}

async function listening(server: Server): Promise<Server> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function addressOf(server: Server): string {
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
