import { spawn } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createProbe, type AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parseFault, type Fault } from './fault.ts';

/**
 * Stands before a service and makes it fail on order: what `holdfast canary test` starts as the canary. Use:
 * fault-proxy.ts --port N --fault FAULT --after MS --health PATH --report FILE -- COMMAND with @port@ for the port it gets.
 * The fault begins `after` ms after the first request; the health check is never disturbed by it, except that `down` is down.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '' },
    fault: { type: 'string', default: '' },
    after: { type: 'string', default: '0' },
    health: { type: 'string', default: '/health' },
    report: { type: 'string', default: '' },
  },
});
const fault: Fault = parseFault(values.fault);
const seen = { requests: 0, bad: 0, firstBadAt: null as string | null, lastAnswerAt: null as string | null };
let faultyFrom: number | null = null;

const port = await freePort();
const [program = '', ...args] = positionals.map((word) => word.replaceAll('@port@', String(port)));
// eslint-disable-next-line no-restricted-syntax -- no setting of ours: the service gets the environment it was started with
const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, PORT: String(port) } });
child.once('exit', (code) => process.exit(code ?? 1));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal));
setInterval(report, 200).unref();
process.once('exit', report);
const server = createServer((request, response) => void serve(request, response));
// Longer than any proxy keeps a connection, so that the proxy is always the one to close it.
server.keepAliveTimeout = 10 * 60 * 1000;
server.listen(Number(values.port), '127.0.0.1');

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (isCheck(request.url)) return forward(request, response);
  faultyFrom ??= Date.now() + Number(values.after);
  seen.requests += 1;
  response.once('finish', () => (seen.lastAnswerAt = new Date().toISOString()));
  if (Date.now() < faultyFrom) return forward(request, response);
  switch (fault.kind) {
    case 'error-rate':
      if (Math.random() * 100 >= fault.percent) return forward(request, response);
      markBad();
      response.writeHead(500).end('failed on order\n');
      return;
    case 'latency':
      markBad();
      await sleep(fault.ms);
      return forward(request, response);
    case 'down':
      markBad();
      report();
      child.kill('SIGKILL');
      process.exit(1);
  }
}

/** The proxy in front may ask another path than we do; a check that failed would not be the fault that was ordered. */
function isCheck(path: string | undefined): boolean {
  return path === values.health || /^\/(health|livez|readyz)/.test(path ?? '');
}

function forward(request: IncomingMessage, response: ServerResponse): void {
  const { method, url, headers } = request;
  const onward = ask({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    pipeline(answer, response, ignore);
  });
  onward.on('error', () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end('the service behind does not answer\n');
  });
  pipeline(request, onward, ignore);
}

/** A connection that broke is the caller's to notice; this process has to go on. */
function ignore(): void {}

function markBad(): void {
  seen.bad += 1;
  seen.firstBadAt ??= new Date().toISOString();
}

/** Whole or not at all: the reader may look at any moment. */
function report(): void {
  if (values.report === '') return;
  writeFileSync(`${values.report}.part`, JSON.stringify(seen));
  renameSync(`${values.report}.part`, values.report);
}

async function freePort(): Promise<number> {
  const probe = createProbe();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port: free } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return free;
}
