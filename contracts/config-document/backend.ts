import { Type, type Static } from 'typebox';
import { Duration } from '../common.ts';
import { ConfigName, HeaderChanges, HostName, oneOf, ServerAddress, TlsReference, UrlPath } from './text.ts';

const ServerTls = Type.Object(
  {
    authority: Type.Optional(TlsReference),
    serverName: Type.Optional(HostName),
    insecure: Type.Optional(
      Type.Boolean({ description: 'Does not verify the server; only without an authority' }),
    ),
  },
  { additionalProperties: false },
);

export const Server = Type.Object(
  {
    name: ConfigName,
    address: ServerAddress,
    weight: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 256, description: '1 when left out; 0 drains' }),
    ),
    backup: Type.Optional(Type.Boolean()),
    disabled: Type.Optional(Type.Boolean({ description: 'In maintenance: gets nothing, not even checks' })),
    connections: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    tls: Type.Optional(ServerTls),
  },
  { additionalProperties: false },
);
export type Server = Static<typeof Server>;

const HealthCheck = Type.Object(
  {
    path: UrlPath,
    method: Type.Optional(oneOf(['GET', 'HEAD', 'OPTIONS'])),
    host: Type.Optional(HostName),
    expectStatus: Type.Optional(
      Type.String({
        pattern: '^[1-5][0-9]{2}(-[1-5][0-9]{2})?$',
        description: 'A status or a range; 200-399 when left out',
      }),
    ),
    interval: Type.Optional(Duration),
    timeout: Type.Optional(Duration),
    rise: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    fall: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  },
  { additionalProperties: false },
);
export type HealthCheck = Static<typeof HealthCheck>;

const Balance = oneOf(['roundrobin', 'leastconn', 'random', 'static-rr', 'source', 'first']);
export type Balance = Static<typeof Balance>;

/** Servers of a `steered` backend belong to canary rollouts: the document names none, but for backups. */
export const Backend = Type.Object(
  {
    name: ConfigName,
    balance: Type.Optional(Balance),
    steered: Type.Optional(Type.Boolean()),
    servers: Type.Optional(Type.Array(Server, { maxItems: 5000 })),
    healthCheck: Type.Optional(HealthCheck),
    requestHeaders: Type.Optional(HeaderChanges),
    responseHeaders: Type.Optional(HeaderChanges),
    timeouts: Type.Optional(
      Type.Object(
        {
          connect: Type.Optional(Duration),
          server: Type.Optional(Duration),
          queue: Type.Optional(Duration),
          tunnel: Type.Optional(Duration),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
export type Backend = Static<typeof Backend>;
