import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { temporalConnectionOptions, type TemporalCredentials } from '../../temporal-connection/options.ts';
import { makeAuthority, makeCertificate, type Certificate } from './certificates.ts';
import { serverConfig } from './server-config.ts';
import { forgedToken, startIssuer, unsignedToken } from './tokens.ts';

/**
 * `node infra/production/prove-frontend.ts TEMPORAL_SERVER`: starts a production server with the configuration of docs/production.md
 * and shows who is refused and who is not. Exit code 0 only if every case goes as it should.
 */
const [binary = ''] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'holdfast-frontend-'));
const issuer = await startIssuer();
const running: ChildProcess[] = [];
let failed = 0;
let tokens = 0;
try {
  await prove();
} finally {
  for (const server of running) await end(server);
  await issuer.close();
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;

async function prove(): Promise<void> {
  const authority = await makeAuthority(folder, 'authority');
  const stranger = await makeAuthority(folder, 'stranger');
  const own = await makeCertificate(folder, 'frontend', authority);
  const ours = await makeCertificate(folder, 'holdfast', authority);
  const theirs = await makeCertificate(folder, 'other', stranger);
  const files = { serverCert: own.cert, serverKey: own.key, clientCa: authority.cert };
  const { text, address } = await serverConfig(files, issuer.keysUrl);
  await startServer(text);

  const by = (certificate: Certificate | null, token: string | null): Promise<TemporalCredentials> =>
    credentials(authority.cert, certificate, token);
  const writer = issuer.token(['holdfast:write', 'holdfast:worker', 'temporal-system:admin']);
  const reader = issuer.token(['holdfast:read']);
  const elsewhere = issuer.token(['elsewhere:admin']);

  await untilReady(address, await by(ours, writer));
  const plain = { serverCa: null, clientCert: null, clientKey: null, tokenFile: null };
  await expectRefused('plain text', address, plain, describe);
  await expectRefused('no certificate', address, await by(null, writer), describe);
  await expectRefused('a certificate of a stranger', address, await by(theirs, writer), describe);
  await expectRefused('a certificate without a token', address, await by(ours, null), describe);
  await expectRefused(
    'a token with another signature',
    address,
    await by(ours, forgedToken(['holdfast:admin'])),
    describe,
  );
  await expectRefused(
    'a token without a signature',
    address,
    await by(ours, unsignedToken(['holdfast:admin'])),
    describe,
  );
  await expectRefused(
    'a token that has expired',
    address,
    await by(ours, issuer.token(['holdfast:admin'], -30)),
    describe,
  );
  await expectRefused('a token for another namespace', address, await by(ours, elsewhere), describe);
  await expectServed('a reader who looks', address, await by(ours, reader), describe);
  await expectRefused('a reader who starts', address, await by(ours, reader), start);
  await expectServed('a writer who starts', address, await by(ours, writer), start);
  await expectRefused('a reader who signals', address, await by(ours, reader), signal);
  await expectServed('a writer who signals', address, await by(ours, writer), signal);
  await expectRefused('a reader who terminates', address, await by(ours, reader), terminate);
  const native = await NativeConnection.connect(temporalConnectionOptions(address, await by(ours, writer)));
  tell('served ', 'the connection of a worker', true);
  await native.close();
}

type Act = (client: Client) => Promise<unknown>;

function describe(client: Client): Promise<unknown> {
  return client.workflowService.describeNamespace({ namespace: 'holdfast' });
}

function start(client: Client): Promise<unknown> {
  return client.workflow.start('story', { workflowId: 'trial', taskQueue: 'nobody' });
}

function signal(client: Client): Promise<unknown> {
  return client.workflow.getHandle('trial').signal('approval', { decisionId: 'x' });
}

function terminate(client: Client): Promise<unknown> {
  return client.workflow.getHandle('trial').terminate();
}

async function expectRefused(who: string, address: string, as: TemporalCredentials, act: Act): Promise<void> {
  const outcome = await attempt(address, as, act);
  const isAccess = /unauthorized|certificate|ECONNRESET|EPROTO|handshake|socket|connect|dropped|SSL|TLS/i;
  tell(
    'refused',
    `${who}${outcome === null ? '' : ` (${outcome.slice(0, 90)})`}`,
    outcome !== null && isAccess.test(outcome),
  );
}

async function expectServed(who: string, address: string, as: TemporalCredentials, act: Act): Promise<void> {
  const outcome = await attempt(address, as, act);
  tell('served ', outcome === null ? who : `${who}: ${outcome}`, outcome === null);
}

/** null when it was done, else why not. */
async function attempt(address: string, as: TemporalCredentials, act: Act): Promise<string | null> {
  let connection: Connection | null = null;
  try {
    const options = temporalConnectionOptions(address, as);
    connection = await Connection.connect({ ...options, connectTimeout: '5s', interceptors: [] });
    const client = new Client({ connection, namespace: 'holdfast' });
    await client.withDeadline(Date.now() + 10_000, () => act(client));
    return null;
  } catch (error) {
    const { message, cause } = error as Error;
    return `${message}${cause instanceof Error ? `: ${cause.message}` : ''}`;
  } finally {
    await connection?.close();
  }
}

function tell(verdict: string, who: string, isRight: boolean): void {
  if (!isRight) failed += 1;
  process.stdout.write(`${isRight ? 'ok    ' : 'FAILED'} ${verdict}: ${who}\n`);
}

async function startServer(config: string): Promise<void> {
  const file = join(folder, 'server.yaml');
  await writeFile(file, config);
  const services = ['frontend', 'internal-frontend', 'history', 'matching', 'worker'];
  const args = ['--config-file', file, 'start', ...services.flatMap((name) => ['--service', name])];
  const server = spawn(binary, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(join(folder, 'server.log'));
  server.stdout.pipe(log);
  server.stderr.pipe(process.stderr);
  running.push(server);
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = once(server, 'exit');
  server.kill('SIGTERM');
  await gone;
}

/** Makes the namespace as soon as somebody answers who may. */
async function untilReady(address: string, admin: TemporalCredentials): Promise<void> {
  const register: Act = (client) =>
    client.workflowService.registerNamespace({
      namespace: 'holdfast',
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    });
  let last: string | null = 'nothing';
  for (let tries = 0; tries < 60 && last !== null; tries += 1) {
    last = await attempt(address, admin, register);
    if (last !== null && /already/i.test(last)) last = null;
    await delay(1000);
  }
  if (last !== null) throw new Error(`the server at ${address} is not ready: ${last}`);
  while ((await attempt(address, admin, describe)) !== null) await delay(500);
}

async function credentials(
  serverCa: string,
  certificate: Certificate | null,
  token: string | null,
): Promise<TemporalCredentials> {
  tokens += 1;
  const tokenFile = token === null ? null : join(folder, `token-${tokens}`);
  if (tokenFile !== null) await writeFile(tokenFile, token ?? '', { mode: 0o600 });
  return { serverCa, clientCert: certificate?.cert ?? null, clientKey: certificate?.key ?? null, tokenFile };
}
