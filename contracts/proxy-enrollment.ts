import { Type, type Static } from 'typebox';
import { Duration, Name, Timestamp } from './common.ts';
import { AgentUpdateReport } from './agent-update-report.ts';
import { ConfigDrift, ConfigRef, configOutcomes } from './config-bundle.ts';

const Labels = Type.Record(
  Type.String({ pattern: '^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$' }),
  Type.String({ maxLength: 100 }),
);

/** POST /v1/projects/:project/enrollments: a one-time token with which the agent of this proxy fetches a key of its own. */
export const EnrollProxy = Type.Object(
  {
    proxy: Name,
    environment: Name,
    region: Type.Optional(Name),
    labels: Type.Optional(Labels),
    address: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$',
        description: 'Where the probe of a wave reaches the proxy: a host or an IP address, without a port',
      }),
    ),
    validFor: Type.Optional(Duration),
  },
  { $id: 'EnrollProxy', additionalProperties: false },
);
export type EnrollProxy = Static<typeof EnrollProxy>;

export const ProxyEnrollment = Type.Object(
  {
    proxy: Name,
    project: Name,
    environment: Name,
    token: Type.String({ description: 'Shown once; holdfast proxy agents trade it for a key' }),
    expiresAt: Timestamp,
  },
  { $id: 'ProxyEnrollment' },
);
export type ProxyEnrollment = Static<typeof ProxyEnrollment>;

/** POST /v1/proxy-enrollments: the agent trades the token, which is the whole proof, for its key. Works once. */
export const ProxyEnrollmentExchange = Type.Object(
  { token: Type.String({ pattern: '^hfe_[A-Za-z0-9_-]{43}$' }) },
  { $id: 'ProxyEnrollmentExchange', additionalProperties: false },
);
export const ProxyCredentials = Type.Object(
  {
    proxy: Name,
    project: Name,
    environment: Name,
    key: Type.String({ description: 'The key of the agent: speaks for this proxy and for nothing else' }),
    configKeys: Type.String({ description: 'Public keys of those who sign configurations, PEM' }),
  },
  { $id: 'ProxyCredentials' },
);
export type ProxyCredentials = Static<typeof ProxyCredentials>;

/** One proxy of an environment as the control plane knows it. */
export const FleetProxy = Type.Object(
  {
    proxy: Name,
    project: Name,
    environment: Name,
    region: Type.Union([Type.Null(), Name]),
    labels: Labels,
    address: Type.Union([Type.Null(), Type.String()]),
    state: Type.Union([Type.Literal('invited'), Type.Literal('enrolled')]),
    desired: Type.Union([Type.Null(), ConfigRef], { description: 'The order that it is to run' }),
    running: Type.Union([Type.Null(), ConfigRef], { description: 'What its HAProxy answers that it serves' }),
    isProven: Type.Boolean(),
    outcome: Type.Union([
      Type.Null(),
      Type.Unsafe<(typeof configOutcomes)[number]>(
        Type.Union(configOutcomes.map((outcome) => Type.Literal(outcome))),
      ),
    ]),
    failure: Type.Union([Type.Null(), Type.String()]),
    drift: Type.Union([Type.Null(), ConfigDrift]),
    owner: Type.Union([Type.Null(), Type.String()], {
      description: 'The operation that may change its configuration',
    }),
    haproxyVersion: Type.Union([Type.Null(), Type.String()]),
    agentVersion: Type.Union([Type.Null(), Type.String()]),
    agentUpdate: Type.Optional(
      Type.Union(
        [
          Type.Null(),
          Type.Evaluate(Type.Intersect([AgentUpdateReport, Type.Object({ orderedAt: Timestamp })])),
        ],
        { description: 'The newest order to its agent, and what came of it' },
      ),
    ),
    reportedAt: Type.Union([Type.Null(), Timestamp]),
    silentMs: Type.Union([Type.Null(), Type.Integer()]),
  },
  { $id: 'FleetProxy' },
);
export type FleetProxy = Static<typeof FleetProxy>;
export const FleetProxyPage = Type.Object(
  { items: Type.Array(Type.Unsafe<FleetProxy>({ $ref: 'FleetProxy#' })), next: Type.Optional(Type.String()) },
  { $id: 'FleetProxyPage' },
);
export type FleetProxyPage = Static<typeof FleetProxyPage>;
