import { createServer, type Server } from 'node:http';
import { collectDefaultMetrics, register } from 'prom-client';

/** `/readyz` tells whether the queues are polled, `/livez` that the process answers, `/metrics` what prom-client has. Loopback only. */
export async function serveMetrics(port: number, ready: () => boolean): Promise<Server> {
  collectDefaultMetrics({ prefix: 'holdfast_worker_' });
  const server = createServer((request, response) => {
    void answer(request.url ?? '/', ready).then(({ status, type, body }) => {
      response.writeHead(status, { 'content-type': type }).end(body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return server;
}

async function answer(
  url: string,
  ready: () => boolean,
): Promise<{ status: number; type: string; body: string }> {
  switch (url) {
    case '/livez':
      return { status: 200, type: 'text/plain', body: 'ok\n' };
    case '/readyz':
      return ready()
        ? { status: 200, type: 'text/plain', body: 'polling\n' }
        : { status: 503, type: 'text/plain', body: 'not polling\n' };
    case '/metrics':
      return { status: 200, type: register.contentType, body: await register.metrics() };
    default:
      return { status: 404, type: 'text/plain', body: 'not found\n' };
  }
}
