import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';

/**
 * A small HTTP service with faults on order: what the demo, the tests and the benchmarks roll out.
 * `sample-service.ts --version v2 --error-rate 0.3 --latency-ms 5 --jitter-ms 3 --start-delay-ms 0 [--unhealthy]`, port in PORT.
 * With HOLDFAST_SAMPLE_CONTROL=1 `POST /control {"errorRate":0.05,"latencyMs":20}` changes the faults of a running instance.
 */
const { values } = parseArgs({
  options: {
    version: { type: 'string', default: 'v0' },
    'error-rate': { type: 'string', default: '0' },
    'latency-ms': { type: 'string', default: '1' },
    'jitter-ms': { type: 'string', default: '0' },
    'start-delay-ms': { type: 'string', default: '0' },
    unhealthy: { type: 'boolean', default: false },
  },
});
const faults = { errorRate: Number(values['error-rate']), latencyMs: Number(values['latency-ms']) };
const jitterMs = Number(values['jitter-ms']);
const isControlled = process.env['HOLDFAST_SAMPLE_CONTROL'] === '1';
const lingerMs = 100;
const endLimitMs = 5000;
let isEnding = false;

const server = createServer((request, response) => {
  if (request.url === '/health') answer(response, values.unhealthy ? 503 : 200, { version: values.version });
  else if (request.url === '/control') control(request, response);
  else work(response);
});
// Longer than any proxy keeps a connection, so that the proxy is always the one to close it.
server.keepAliveTimeout = 10 * 60 * 1000;
server.requestTimeout = 0;

setTimeout(() => {
  server.listen(Number(process.env['PORT']), process.env['HOST'] ?? '127.0.0.1');
}, Number(values['start-delay-ms']));

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end);

/** A request that is just arriving on a kept connection is still answered: closing at once would reset it. */
function end(): void {
  isEnding = true;
  setTimeout(() => server.close(() => process.exit(0)), lingerMs);
  setTimeout(() => process.exit(0), endLimitMs).unref();
}

function work(response: ServerResponse): void {
  setTimeout(
    () => {
      if (Math.random() < faults.errorRate)
        answer(response, 500, { error: 'broken on order', version: values.version });
      else answer(response, 200, { version: values.version });
    },
    faults.latencyMs + Math.random() * jitterMs,
  );
}

function control(request: IncomingMessage, response: ServerResponse): void {
  if (!isControlled)
    return answer(response, 403, { error: 'start it with HOLDFAST_SAMPLE_CONTROL=1 to change its faults' });
  let text = '';
  request.on('data', (chunk: Buffer) => (text += chunk.toString()));
  request.on('end', () => {
    try {
      const { errorRate, latencyMs } = JSON.parse(text) as Partial<typeof faults>;
      if (errorRate !== undefined) faults.errorRate = Number(errorRate);
      if (latencyMs !== undefined) faults.latencyMs = Number(latencyMs);
      answer(response, 200, faults);
    } catch {
      answer(response, 400, { error: 'send {"errorRate": number, "latencyMs": number}' });
    }
  });
}

function answer(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'x-version': values.version,
    ...(isEnding ? { connection: 'close' } : {}),
  });
  response.end(text);
}
