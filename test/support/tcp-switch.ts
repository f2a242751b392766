import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

/** A line to a port of the loopback address that can be pulled and put back. */
export interface TcpSwitch {
  readonly port: number;
  /** From now on nothing gets through in either direction, and nobody is told: connections stay open, new ones are taken and hang. */
  cut(): void;
  /** What was held back gets through. */
  heal(): void;
  close(): Promise<void>;
}

export async function startTcpSwitch(target: {
  readonly host?: string;
  readonly port: number;
}): Promise<TcpSwitch> {
  const { host = '127.0.0.1', port } = target;
  const ends = new Set<Socket>();
  let isCut = false;

  const server = createServer({ pauseOnConnect: true }, (client) => {
    const upstream = connect({ host, port });
    join(client, upstream);
    join(upstream, client);
    if (isCut) return;
    client.resume();
  });

  function join(from: Socket, to: Socket): void {
    ends.add(from);
    if (isCut) from.pause();
    from.on('data', (part: Buffer) => to.write(part));
    from.once('end', () => to.end());
    from.on('error', () => to.destroy());
    from.once('close', () => {
      ends.delete(from);
      to.destroy();
    });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      for (const end of ends) end.pause();
    },
    heal() {
      isCut = false;
      for (const end of ends) end.resume();
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const end of ends) end.destroy();
      await closed;
    },
  };
}
