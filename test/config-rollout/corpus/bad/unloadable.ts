import type { ConfigDocument } from '../../../../contracts/config-document.ts';
import type { Bind } from '../../../../contracts/config-document/frontend.ts';
import type { RolledOutCase } from '../cases.ts';
import { serversAt, withBackend, withWeb } from '../shop.ts';

/** Valid everywhere but on the node: its files, its ports, its limits. */
export const unloadableCases: readonly RolledOutCase[] = [
  {
    name: 'a certificate that no node has',
    class: 'missing file',
    stop: 'agent',
    tells:
      /did not take it; .*refused: .*cannot open.*absent|refused: .*absent.*(No such file|not found|unable)/i,
    change: (shop, { spare, certificates }) => withTls(shop, spare, certificates.absent),
  },
  {
    name: 'an authority that no node has',
    class: 'missing file',
    stop: 'agent',
    tells: /did not take it; .*refused: .*absent/,
    change: (shop, { services, certificates }) =>
      withBackend(shop, 'api', {
        servers: serversAt(services.api).map((server) => ({
          ...server,
          tls: { authority: certificates.absent, serverName: 'api.example' },
        })),
      }),
  },
  {
    name: 'a certificate with the key of another one',
    class: 'certificate mismatch',
    stop: 'agent',
    tells: /did not take it; .*refused: .*(inconsistencies between private key and certificate|private key)/i,
    change: (shop, { spare, certificates }) => withTls(shop, spare, certificates.wrongKey),
  },
  {
    name: 'a certificate that was cut off',
    class: 'certificate mismatch',
    stop: 'agent',
    tells: /did not take it; .*refused: .*(unable to load|no start line|PEM|certificate)/i,
    change: (shop, { spare, certificates }) => withTls(shop, spare, certificates.broken),
  },
  {
    name: 'a port that somebody else has',
    class: 'bind conflict',
    stop: 'agent',
    tells: /did not take it; .*refused: .*cannot be bound: EADDRINUSE/,
    change: (shop, { taken }) => withBind(shop, { address: 'node', port: taken }),
  },
  {
    name: 'a port of all addresses that somebody has on one',
    class: 'bind conflict',
    stop: 'agent',
    tells: /did not take it; .*refused: .*cannot be bound: EADDRINUSE/,
    change: (shop, { taken }) => withBind(shop, { port: taken }),
  },
  {
    name: 'an address that is not the node’s',
    class: 'bind conflict',
    stop: 'agent',
    tells: /did not take it; .*refused: .*192\.0\.2\.1:.* cannot be bound: EADDRNOTAVAIL/,
    change: (shop, { spare }) => withBind(shop, { address: '192.0.2.1', port: spare }),
  },
  {
    name: 'more connections than the node can hold',
    class: 'memory',
    stop: 'agent',
    // `failed`: the first one who told it was still at proving that it is back.
    tells: /did not take it; .*(restored|refused|failed): /,
    change: (shop) => ({ ...shop, defaults: { ...shop.defaults, connections: 1_000_000 } }),
  },
];

function withBind(shop: ConfigDocument, bind: Bind): ConfigDocument {
  return withWeb(shop, (web) => ({ ...web, binds: [...web.binds, bind] }));
}

function withTls(shop: ConfigDocument, port: number, certificate: string): ConfigDocument {
  return withBind(shop, { address: 'node', port, tls: { certificates: [certificate] } });
}
