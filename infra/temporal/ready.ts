import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { OpsError } from '../../domain/errors.ts';
import { quiet } from './command.ts';

const run = promisify(execFile);

/** start-dev keeps closed histories for a day; people look at last week's rollout. */
const retention = '720h';

/**
 * Waits until the namespace answers, then sets how long closed histories are kept. Asks through the CLI, so that the
 * caller needs no gRPC client in memory. Throws `unavailable` after `withinMs`, or as soon as `gaveUp` says so.
 */
export async function untilTemporalIsReady(
  server: { binary: string; address: string; namespace: string },
  withinMs: number,
  gaveUp: () => boolean = () => false,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  let last: unknown;
  while (performance.now() < deadline && !gaveUp()) {
    try {
      await connectOnce(server.address);
      await setRetention(server);
      return;
    } catch (error) {
      last = error;
      await delay(50);
    }
  }
  throw new OpsError('unavailable', `Temporal at ${server.address} does not answer`, {}, last);
}

async function connectOnce(address: string): Promise<void> {
  const cut = address.lastIndexOf(':');
  const socket = connect({ host: address.slice(0, cut), port: Number(address.slice(cut + 1)) });
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

async function setRetention(server: { binary: string; address: string; namespace: string }): Promise<void> {
  const command = [
    'operator',
    'namespace',
    'update',
    '--namespace',
    server.namespace,
    '--retention',
    retention,
  ];
  const connection = ['--address', server.address, '--command-timeout', '5s', '--output', 'none'];
  await run(server.binary, [...command, ...connection, ...quiet], { timeout: 10_000 });
}
