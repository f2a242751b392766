import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** A TCP port of the loopback address that was free a moment ago. */
export async function freePort(): Promise<number> {
  return listenOnce(0).then((port) => port ?? freePort());
}

export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return (await listenOnce(port, host)) !== null;
}

export async function freeUdpPort(): Promise<number> {
  return bindOnce(0).then((port) => port ?? freeUdpPort());
}

export async function isUdpPortFree(port: number): Promise<boolean> {
  return (await bindOnce(port)) !== null;
}

async function listenOnce(port: number, host = '127.0.0.1'): Promise<number | null> {
  const server = createServer();
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  } catch {
    return null;
  } finally {
    server.close();
    if (server.listening) await once(server, 'close');
  }
}

async function bindOnce(port: number): Promise<number | null> {
  const socket = createSocket('udp4');
  try {
    socket.bind({ port, address: '127.0.0.1', exclusive: true });
    await once(socket, 'listening');
    return socket.address().port;
  } catch {
    return null;
  } finally {
    socket.close();
  }
}
