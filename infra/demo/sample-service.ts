import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';

/**
 * A small HTTP service with faults on order: what the demo, the tests and the benchmarks roll out.
 * `sample-service.ts --version v2 --error-rate 0.3 --latency-ms 5 --jitter-ms 3 --start-delay-ms 0 [--unhealthy]`, port in PORT.
 * `POST /control {"errorRate":0.05,"latencyMs":20}` changes the faults of a running instance.
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
const headers = { 'content-type': 'application/json', 'x-version': values.version };

const server = createServer((request, response) => {
  if (request.url === '/health') answer(response, values.unhealthy ? 503 : 200, { version: values.version });
  else if (request.url === '/control' && request.method === 'POST') control(request, response);
  else work(response);
});
// Longer than any proxy keeps a connection, so that the proxy is always the one to close it.
server.keepAliveTimeout = 10 * 60 * 1000;
server.requestTimeout = 0;

setTimeout(() => {
  server.listen(Number(process.env['PORT']), process.env['HOST'] ?? '127.0.0.1');
}, Number(values['start-delay-ms']));

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 2000).unref();
  });
}

function work(response: ServerResponse): void {
  const waitMs = faults.latencyMs + Math.random() * jitterMs;
  setTimeout(() => {
    if (Math.random() < faults.errorRate)
      answer(response, 500, { error: 'broken on order', version: values.version });
    else answer(response, 200, { version: values.version });
  }, waitMs);
}

function control(request: IncomingMessage, response: ServerResponse): void {
  let text = '';
  request.on('data', (chunk: Buffer) => (text += chunk.toString()));
  request.on('end', () => {
    Object.assign(faults, JSON.parse(text));
    answer(response, 200, faults);
  });
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, headers).end(JSON.stringify(body));
}
