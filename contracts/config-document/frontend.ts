import { Type, type Static } from 'typebox';
import { Duration } from '../common.ts';
import {
  BindAddress,
  ConfigName,
  HeaderChanges,
  HeaderName,
  HeaderText,
  HostName,
  Port,
  TlsReference,
  oneOf,
  UrlPath,
} from './text.ts';

const TlsBind = Type.Object(
  {
    certificates: Type.Array(TlsReference, { minItems: 1, maxItems: 20 }),
    minVersion: Type.Optional(oneOf(['TLSv1.2', 'TLSv1.3'])),
    http2: Type.Optional(Type.Boolean({ description: 'Offer HTTP/2; yes when left out' })),
    clientAuthority: Type.Optional(TlsReference),
  },
  { additionalProperties: false },
);

const Bind = Type.Object(
  { address: Type.Optional(BindAddress), port: Port, tls: Type.Optional(TlsBind) },
  { additionalProperties: false },
);
export type Bind = Static<typeof Bind>;

/** Members are joined by "and", the items of each by "or"; none at all takes every request. */
const Match = Type.Object(
  {
    hosts: Type.Optional(Type.Array(HostName, { minItems: 1, maxItems: 50 })),
    paths: Type.Optional(Type.Array(UrlPath, { minItems: 1, maxItems: 100, description: 'The whole path' })),
    prefixes: Type.Optional(
      Type.Array(UrlPath, {
        minItems: 1,
        maxItems: 100,
        description: '/shop takes /shop and all below it, but not /shopping; /shop/ takes all below',
      }),
    ),
    methods: Type.Optional(
      Type.Array(oneOf(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']), {
        minItems: 1,
        maxItems: 7,
      }),
    ),
    headers: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: HeaderName,
            value: Type.Optional(HeaderText),
            prefix: Type.Optional(HeaderText),
          },
          {
            additionalProperties: false,
            description: 'The whole value, or its beginning; the header is there when both are left out',
          },
        ),
        { minItems: 1, maxItems: 10, description: 'Every one of them must match' },
      ),
    ),
  },
  { additionalProperties: false, description: 'paths and prefixes together are one condition' },
);
export type Match = Static<typeof Match>;

/** Exactly one of `scheme`, `prefix` and `location`. */
const Redirect = Type.Object(
  {
    scheme: Type.Optional(Type.Literal('https')),
    prefix: Type.Optional(HeaderText),
    location: Type.Optional(HeaderText),
    status: Type.Optional(oneOf([301, 302, 303, 307, 308])),
  },
  {
    additionalProperties: false,
    description: 'A request that came by TLS goes past a redirect by scheme, to the next route',
  },
);
export type Redirect = Static<typeof Redirect>;

/** An answer of the proxy itself. */
const FixedAnswer = Type.Object(
  {
    status: Type.Integer({ minimum: 200, maximum: 599 }),
    contentType: Type.Optional(HeaderText),
    body: Type.Optional(
      Type.String({ maxLength: 4000, pattern: '^[^\\u0000]*$', description: 'Any text but U+0000' }),
    ),
  },
  { additionalProperties: false },
);
export type FixedAnswer = Static<typeof FixedAnswer>;

/** The first route that matches takes the request. Exactly one of `backend`, `redirect` and `answer`. */
export const Route = Type.Object(
  {
    name: ConfigName,
    match: Type.Optional(Match),
    backend: Type.Optional(ConfigName),
    redirect: Type.Optional(Redirect),
    answer: Type.Optional(FixedAnswer),
    requestHeaders: Type.Optional(HeaderChanges),
    responseHeaders: Type.Optional(HeaderChanges),
  },
  { additionalProperties: false },
);
export type Route = Static<typeof Route>;

const FrontendLimits = Type.Object(
  {
    connections: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    requestBodyBytes: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000_000 })),
    requestRate: Type.Optional(
      Type.Object(
        { requests: Type.Integer({ minimum: 1, maximum: 1_000_000_000 }), per: Duration },
        { additionalProperties: false, description: 'Of one client address; what is more gets a 429' },
      ),
    ),
  },
  { additionalProperties: false },
);

export const Frontend = Type.Object(
  {
    name: ConfigName,
    binds: Type.Array(Bind, { maxItems: 32 }),
    routes: Type.Optional(Type.Array(Route, { maxItems: 1000 })),
    defaultBackend: Type.Optional(ConfigName),
    requestHeaders: Type.Optional(HeaderChanges),
    responseHeaders: Type.Optional(HeaderChanges),
    limits: Type.Optional(FrontendLimits),
    timeouts: Type.Optional(
      Type.Object(
        {
          client: Type.Optional(Duration),
          httpRequest: Type.Optional(Duration),
          keepAlive: Type.Optional(Duration),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
export type Frontend = Static<typeof Frontend>;
