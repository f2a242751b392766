import { Type, type Static } from 'typebox';
import { Name, ref, Timestamp } from './common.ts';

/**
 * The protocol between the API and a proxy agent. The agent dials out: it long-polls its desired state and posts a report a second.
 * Nothing here is read from the API's clock by the agent: leases travel as remaining milliseconds.
 */

/** One server line of a backend. Names are `<version>-<index>`; several servers may belong to one version. */
export const DesiredServer = Type.Object({
  name: Type.String({ pattern: '^[A-Za-z0-9._:-]{1,96}$' }),
  version: Type.String(),
  address: Type.String({ description: 'host:port' }),
  weight: Type.Integer({ minimum: 0, maximum: 256 }),
  healthPath: Type.String(),
});
export type DesiredServer = Static<typeof DesiredServer>;

export const DesiredBackend = Type.Object({
  backend: Type.String(),
  token: Type.Integer({ description: 'Dense fencing token: an older one is never applied' }),
  servers: Type.Array(DesiredServer),
  stable: Type.Union([Type.Null(), Type.String()], {
    description: 'The version that gets everything when the canary is taken off',
  }),
  canary: Type.Union([Type.Null(), Type.String()], {
    description: 'The version whose weight holds only while the lease does; null when nothing is on trial',
  }),
  leaseMs: Type.Union([Type.Null(), Type.Integer()], {
    description: 'What is left of the lease now, in milliseconds; null when no lease is needed',
  }),
});
export type DesiredBackend = Static<typeof DesiredBackend>;

/** GET /v1/proxies/:proxy/desired-state?after=REVISION&waitMs=N answers at once when revision > after, else when it changes. */
export const DesiredState = Type.Object(
  { revision: Type.Integer(), backends: Type.Array(DesiredBackend) },
  { $id: 'DesiredState' },
);
export type DesiredState = Static<typeof DesiredState>;

/**
 * Counters of one server in one second, from the agent's clock. `latency` maps a bucket index (domain/latency.ts) to a count and
 * comes from sampled log lines, so its sum may differ from `requests`. `requests` counts finished answers, `errors` those among
 * them that were 5xx or no valid answer.
 */
export const ServerSample = Type.Object({
  backend: Type.String(),
  server: Type.String(),
  version: Type.String(),
  second: Type.Integer({ description: 'Unix time in seconds' }),
  sessions: Type.Integer(),
  requests: Type.Integer(),
  errors: Type.Integer(),
  up: Type.Boolean(),
  latency: Type.Record(Type.String(), Type.Integer()),
});
export type ServerSample = Static<typeof ServerSample>;

/** Counters of all servers of one version over one second; the judge reads nothing else. */
export interface VersionBucket {
  /** Unix time in seconds. */
  readonly second: number;
  readonly version: string;
  readonly sessions: number;
  readonly requests: number;
  readonly errors: number;
  /** Servers of the version that HAProxy considered up at the end of the second. */
  readonly up: number;
  readonly latency: Readonly<Record<string, number>>;
}

/** What the agent has read back from the proxy after applying a token. */
export const ProvenBackend = Type.Object({
  backend: Type.String(),
  token: Type.Integer(),
  servers: Type.Array(
    Type.Object({
      name: Type.String(),
      weight: Type.Integer(),
      up: Type.Boolean(),
      sessions: Type.Integer(),
    }),
  ),
  error: Type.Union([Type.Null(), Type.String()]),
});
export type ProvenBackend = Static<typeof ProvenBackend>;

/** The agent acted on its own: it set the canary to 0 because the lease was gone or somebody stopped it on the spot. */
export const Trip = Type.Object({
  backend: Type.String(),
  token: Type.Integer(),
  cause: Type.Union([Type.Literal('lease-lost'), Type.Literal('local-stop')]),
  at: Timestamp,
  reason: Type.String(),
});
export type Trip = Static<typeof Trip>;

/** POST /v1/proxies/:proxy/reports, once a second. */
export const ProxyReport = Type.Object(
  {
    agentVersion: Type.String(),
    haproxyVersion: Type.Union([Type.Null(), Type.String()]),
    reachable: Type.Boolean({ description: 'The runtime socket answers' }),
    stopped: Type.Union([Type.Null(), Type.String()], {
      description: 'Reason of a local stop that still holds',
    }),
    configError: Type.Union([Type.Null(), Type.String()]),
    backends: Type.Array(
      Type.Object({ name: Type.String(), balance: Type.String(), dynamic: Type.Boolean() }),
      { description: 'Every backend that HAProxy knows' },
    ),
    proven: Type.Array(ProvenBackend),
    trips: Type.Array(Trip, { description: 'Repeated until acknowledged' }),
    samples: Type.Array(ServerSample, { maxItems: 5000 }),
    droppedSamples: Type.Optional(
      Type.Integer({
        description: 'Samples thrown away since the agent started, because the API was away for too long',
      }),
    ),
    now: Timestamp,
  },
  { $id: 'ProxyReport', additionalProperties: false },
);
export type ProxyReport = Static<typeof ProxyReport>;

export const ProxyReportAnswer = Type.Object(
  {
    revision: Type.Integer(),
    leases: Type.Array(
      Type.Object({ backend: Type.String(), token: Type.Integer(), remainingMs: Type.Integer() }),
    ),
    acknowledgedTrips: Type.Array(Type.Object({ backend: Type.String(), token: Type.Integer() })),
  },
  { $id: 'ProxyReportAnswer' },
);
export type ProxyReportAnswer = Static<typeof ProxyReportAnswer>;

/** GET /v1/proxies: what each agent last said. */
export const Proxy = Type.Object(
  {
    name: Name,
    lastSeen: Timestamp,
    reachable: Type.Boolean(),
    stopped: Type.Union([Type.Null(), Type.String()]),
    configError: Type.Union([Type.Null(), Type.String()]),
    haproxyVersion: Type.Union([Type.Null(), Type.String()]),
    backends: Type.Array(
      Type.Object({ name: Type.String(), balance: Type.String(), dynamic: Type.Boolean() }),
    ),
  },
  { $id: 'Proxy' },
);
export type Proxy = Static<typeof Proxy>;

export const ProxyList = Type.Object({ items: Type.Array(ref(Proxy)) }, { $id: 'ProxyList' });
export type ProxyList = Static<typeof ProxyList>;
