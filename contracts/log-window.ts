import { Type, type Static } from 'typebox';
import { Timestamp } from './common.ts';

const label = (text: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: text }));

const Level = Type.Union(
  [
    Type.Literal('trace'),
    Type.Literal('debug'),
    Type.Literal('info'),
    Type.Literal('warn'),
    Type.Literal('error'),
    Type.Literal('fatal'),
  ],
  { description: 'error and fatal count as errors, as a status from 500 does' },
);

const Line = Type.Object(
  {
    time: Type.String({ format: 'date-time', description: 'RFC 3339; late lines go where they belong' }),
    service: Type.String({ minLength: 1, maxLength: 200 }),
    message: Type.String({ minLength: 1, maxLength: 20_000 }),
    route: label('The route, not the path: /orders/:id'),
    status: Type.Optional(Type.Integer({ minimum: 100, maximum: 599, description: 'HTTP status' })),
    level: Type.Optional(Level),
    release: label('The release that wrote it'),
    latencyMs: Type.Optional(Type.Number({ minimum: 0, maximum: 86_400_000 })),
    user: label('Counted, never stored'),
  },
  { additionalProperties: false },
);
export type LogLineInput = Static<typeof Line>;

/** POST /v1/projects/:project/ingest/logs; as application/x-ndjson one line of it a line. */
export const LogBatchInput = Type.Object(
  { lines: Type.Array(Line, { minItems: 1, maxItems: 5000 }) },
  { $id: 'LogBatchInput', additionalProperties: false },
);
export type LogBatchInput = Static<typeof LogBatchInput>;

export const LogBatchResult = Type.Object(
  {
    accepted: Type.Integer({ minimum: 0, description: 'Lines that were counted' }),
    refused: Type.Integer({
      minimum: 0,
      description: 'Lines that were not; the others are counted all the same',
    }),
    windows: Type.Integer({ minimum: 0, description: 'Windows that the lines went into' }),
    errors: Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() }), {
      description: 'Why lines were refused; the first 20',
    }),
  },
  { $id: 'LogBatchResult' },
);
export type LogBatchResult = Static<typeof LogBatchResult>;

export const LogWindowSize = Type.Union([
  Type.Literal('10s'),
  Type.Literal('1m'),
  Type.Literal('5m'),
  Type.Literal('1h'),
]);

const names = Type.Array(Type.String(), { description: 'At most 20' });
const Milliseconds = Type.Number({ description: 'Milliseconds, within 1 %' });

const TemplateWindows = Type.Object({
  template: Type.Object({
    id: Type.String(),
    text: Type.String({ description: 'What the lines have in common; <*> is what varies' }),
  }),
  count: Type.Integer(),
  errors: Type.Integer(),
  latency: Type.Union([
    Type.Null(),
    Type.Object({ p50: Milliseconds, p95: Milliseconds, p99: Milliseconds }),
  ]),
  users: Type.Integer({ description: 'Different users, about 6.5 % off' }),
  firstSeen: Timestamp,
  lastSeen: Timestamp,
  services: names,
  routes: names,
  releases: names,
  exemplars: Type.Array(Type.Object({ at: Timestamp, message: Type.String({ description: 'Redacted' }) })),
  windows: Type.Array(Type.Object({ start: Timestamp, count: Type.Integer(), errors: Type.Integer() }), {
    description: 'Oldest first; those without a line are left out',
  }),
});

/** GET /v1/projects/:project/log-windows */
export const LogWindowList = Type.Object(
  {
    from: Timestamp,
    to: Timestamp,
    size: LogWindowSize,
    items: Type.Array(TemplateWindows, { description: 'Most errors first' }),
  },
  { $id: 'LogWindowList' },
);
export type LogWindowList = Static<typeof LogWindowList>;
