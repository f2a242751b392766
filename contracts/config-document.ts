import { Type, type Static } from 'typebox';
import { Backend } from './config-document/backend.ts';
import { Frontend } from './config-document/frontend.ts';
import { Duration } from './common.ts';

const Timeouts = Type.Object(
  {
    connect: Type.Optional(Duration),
    client: Type.Optional(Duration),
    server: Type.Optional(Duration),
    httpRequest: Type.Optional(Duration),
    keepAlive: Type.Optional(Duration),
    queue: Type.Optional(Duration),
    tunnel: Type.Optional(Duration),
  },
  { additionalProperties: false },
);

export const ConfigDefaults = Type.Object(
  {
    timeouts: Type.Optional(Timeouts),
    connections: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: 'Of the whole process; 2,000 when left out',
      }),
    ),
    /** How long a worker that was replaced may finish its requests; 5m when left out. */
    hardStopAfter: Type.Optional(Duration),
  },
  { additionalProperties: false },
);
export type ConfigDefaults = Static<typeof ConfigDefaults>;

/**
 * The configuration of every proxy of a fleet, in HTTP mode. What the shape cannot say, `domain/config-document/policy.ts` checks.
 * Only routes and changes of headers depend on their order.
 */
export const ConfigDocument = Type.Object(
  {
    schemaVersion: Type.Literal(1),
    defaults: Type.Optional(ConfigDefaults),
    frontends: Type.Array(Frontend, { maxItems: 500 }),
    backends: Type.Array(Backend, { maxItems: 5000 }),
  },
  { $id: 'ConfigDocument', additionalProperties: false },
);
export type ConfigDocument = Static<typeof ConfigDocument>;
