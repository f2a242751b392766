import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { OpsError } from '../../domain/errors.ts';

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** Below the ports that the kernel gives to outgoing connections, so that an address is still free when its instance is restarted. */
export const defaultPortRange: PortRange = { from: 20_000, to: 29_999 };

/** A loopback port that nobody listens on and nobody reserved. Throws `unavailable` when the range is used up. */
export async function freePort(range: PortRange, reserved: ReadonlySet<number>): Promise<number> {
  const size = range.to - range.from + 1;
  const first = randomInt(size);
  for (let offset = 0; offset < size; offset += 1) {
    const port = range.from + ((first + offset) % size);
    if (!reserved.has(port) && (await isPortFree(port))) return port;
  }
  throw new OpsError(
    'unavailable',
    `no port from ${range.from} to ${range.to} is free; stop what holds them`,
  );
}

export async function isPortFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host: '127.0.0.1', exclusive: true });
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
