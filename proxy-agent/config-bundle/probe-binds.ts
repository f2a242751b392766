import { createServer } from 'node:net';

/**
 * Tries each TCP address that `next` binds and none of `held` does, and answers the fault or null. `haproxy -c` does not bind, and a
 * reload that cannot costs an outage: 2.6 lets go of the ports of every frontend while it tries, for 2 s, and refuses all new
 * connections.
 */
export async function probeBinds(held: readonly string[], next: string): Promise<string | null> {
  const known = new Set(held.flatMap(addressesIn));
  const fresh = addressesIn(next).filter((address) => !known.has(address));
  const faults = await Promise.all(fresh.map(probe));
  return faults.find((fault) => fault !== null) ?? null;
}

/** `host:port` of each plain TCP bind, the node's own address as the same text sets it; sockets of other families, ranges and binds that may lack their address are left to HAProxy. */
function addressesIn(config: string): string[] {
  const [, node = '*'] = /^[ \t]*setenv HOLDFAST_NODE_ADDRESS (\S+)$/m.exec(config) ?? [];
  const known = config.replaceAll(/"\$\{HOLDFAST_NODE_ADDRESS\}:(\d+)"/g, (_, port) => `${node}:${port}`);
  const lines = [...known.matchAll(/^[ \t]*bind[ \t]+(\S+)(.*)$/gm)];
  return lines
    .filter(([, , options]) => !/\b(transparent|interface|namespace)\b/.test(options ?? ''))
    .flatMap(([, addresses]) => (addresses ?? '').split(','))
    .map((address) => address.replace(/^ipv[46]@/, ''))
    .filter((address) => /^[^@/$"]*:\d+$/.test(address));
}

/** Only what another one could hold or what this host lacks: for a low port the agent may lack the right that HAProxy has. */
const isFault = ['EADDRINUSE', 'EADDRNOTAVAIL'];

function probe(address: string): Promise<string | null> {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[|\]$/g, '');
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(isFault.includes(code ?? '') ? `${address} cannot be bound: ${code}` : null),
    );
    const isAny = host === '' || host === '*';
    server.listen({ host: isAny ? '0.0.0.0' : host, port: Number(address.slice(at + 1)) }, () =>
      server.close(() => resolve(null)),
    );
  });
}
