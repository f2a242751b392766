import { Type, type Static, type TSchema } from 'typebox';
import { AgentUpdateReport } from './agent-update-report.ts';
import { Name, Timestamp } from './common.ts';

/**
 * How a configuration reaches a proxy. The agent dials out: it long-polls GET /v1/proxies/:proxy/config?waitMs=N with
 * `If-None-Match: "<sequence>-<hash>"` (200 a bundle, 304 nothing newer, 404 none), and posts what came of it to
 * POST /v1/proxies/:proxy/config-reports.
 */

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 in lower-case hex' });

export const ConfigFile = Type.Object({
  path: Type.String({ description: 'Relative, without `..`; base.cfg is the only one yet' }),
  content: Type.String(),
  sha256: Sha256,
});
export type ConfigFile = Static<typeof ConfigFile>;

/** What becomes of a proxy that no longer is as the bundle says: told, told with its text, or brought back and proven. */
export const DriftPolicy = Type.Union([
  Type.Literal('report'),
  Type.Literal('adopt'),
  Type.Literal('revert'),
]);
export type DriftPolicy = Static<typeof DriftPolicy>;

/** One signed order to run one revision. The signature is over the canonical JSON (RFC 8785) of everything else in it. */
export const ConfigBundle = Type.Object(
  {
    project: Name,
    environment: Name,
    proxy: nullable(Name, 'The only proxy it is for; null: every one of the environment'),
    revision: Sha256,
    sequence: Type.Integer({
      minimum: 1,
      description:
        'Rises with each order of a project and environment, rollbacks too; a lower one is never applied',
    }),
    order: Type.Union([Type.Literal('apply'), Type.Literal('rollback')]),
    drift: Type.Optional(DriftPolicy),
    notBefore: Timestamp,
    expiresAt: Timestamp,
    files: Type.Array(ConfigFile),
    hash: Sha256,
    keyId: Type.String({ pattern: '^[0-9a-f]{16}$' }),
    signature: Type.String({ description: 'Ed25519, as base64' }),
  },
  { $id: 'ConfigBundle' },
);
export type ConfigBundle = Static<typeof ConfigBundle>;

/** Names an order without its files. */
export const ConfigRef = Type.Object({
  revision: Type.String(),
  sequence: Type.Integer(),
  hash: Type.String(),
});
export type ConfigRef = Static<typeof ConfigRef>;

/** Why an agent does not take a bundle at all. */
export const configRefusals = [
  'malformed',
  'unknown-key',
  'bad-signature',
  'wrong-project',
  'wrong-proxy',
  'path-not-allowed',
  'hash-mismatch',
  'not-yet-valid',
  'expired',
  'older-sequence',
  'sequence-reused',
] as const;
export type ConfigRefusal = (typeof configRefusals)[number];

export const configSteps = ['verify', 'check', 'wait', 'write', 'reload', 'prove', 'restore'] as const;
/** In the order of an apply; `wait` is for HAProxy to be ready for a reload. */
export type ConfigStep = (typeof configSteps)[number];

export const configPhases = ['idle', 'checking', 'writing', 'reloading', 'proving', 'restoring'] as const;
export type ConfigPhase = (typeof configPhases)[number];

/**
 * How an order ended. `proven`: HAProxy serves it. `refused`: nothing was touched. `restored`: it did not come live, and what ran
 * before it is proven to run again. `failed`: not even that is proven yet; the agent goes on trying.
 */
export const configOutcomes = ['proven', 'refused', 'restored', 'failed'] as const;
export type ConfigOutcome = (typeof configOutcomes)[number];

/**
 * What on the host is not as the order says. `file`: the configuration file was edited. `running`: HAProxy serves something else.
 * `servers`: somebody else's runtime command was undone.
 */
export const ConfigDrift = Type.Object({
  kind: Type.Union([Type.Literal('file'), Type.Literal('running'), Type.Literal('servers')]),
  detail: Type.String(),
  since: Timestamp,
  policy: DriftPolicy,
  mended: Type.Boolean({ description: 'It was brought back and proven; told for a minute more' }),
  content: nullable(Type.String(), 'The text that was found, under the policy adopt'),
});
export type ConfigDrift = Static<typeof ConfigDrift>;

/** A request as a proxy has seen it: without query and headers but for its host; secrets and personal data are taken out of the path. */
export const SeenRequest = Type.Object({
  port: Type.Integer({ minimum: 1, maximum: 65535, description: 'That the client asked' }),
  method: Type.String({ pattern: '^(?!CONNECT$)[A-Z]{1,20}$' }),
  host: Type.String({ pattern: '^[A-Za-z0-9_.:\\[\\]-]{1,253}$' }),
  path: Type.String({ pattern: '^/[!-~]*$', maxLength: 500 }),
});
export type SeenRequest = Static<typeof SeenRequest>;

/** What the requests of some seconds came to, counted by the agent from the log of its HAProxy. */
export const ProxyWindow = Type.Object({
  startsAt: Timestamp,
  seconds: Type.Integer({ minimum: 1, maximum: 3600 }),
  sequence: nullable(Type.Integer(), 'The order that was running; null: none'),
  requests: Type.Integer({ minimum: 0 }),
  errors: Type.Integer({
    minimum: 0,
    description: 'Answers of 500 and more, and those that never ended well',
  }),
  refused: Type.Optional(
    Type.Integer({ minimum: 0, description: 'Answers of 400 to 499; 0 when left out, by older agents' }),
  ),
  latency: Type.Record(Type.String(), Type.Integer(), {
    description:
      'Counts by bucket of domain/latency.ts: first byte of the request to last byte of the answer',
  }),
  signatures: Type.Array(
    Type.Object({
      signature: Type.String({ maxLength: 200, description: 'Status, backend and how the request ended' }),
      count: Type.Integer({ minimum: 1 }),
      example: Type.String({ maxLength: 300, description: 'One of the requests, redacted' }),
    }),
    { maxItems: 10, description: 'The most frequent errors' },
  ),
  sample: Type.Optional(
    Type.Array(SeenRequest, {
      maxItems: 20,
      description: 'Some of the requests, one at most of each frontend and backend',
    }),
  ),
});
export type ProxyWindow = Static<typeof ProxyWindow>;

/** POST /v1/proxies/:proxy/config-reports: when something changed, and every 10 s. */
export const ConfigReport = Type.Object(
  {
    attempted: nullable(ConfigRef, 'The newest order that was looked at'),
    running: nullable(
      ConfigRef,
      'What HAProxy itself answers that it serves; null: not an order, or no answer',
    ),
    lastKnownGood: nullable(
      ConfigRef,
      'What a restart or a restore brings up; null: the operator’s own file',
    ),
    phase: oneOf(configPhases),
    outcome: nullable(oneOf(configOutcomes), 'Of the attempted one; null while it is under way'),
    refusal: nullable(oneOf(configRefusals), 'Why the attempted one was not taken at all'),
    failure: nullable(Type.String(), 'In words'),
    failedStep: nullable(oneOf(configSteps), 'The step that failed'),
    timings: Type.Record(Type.String(), Type.Integer(), { description: 'Milliseconds by step' }),
    drift: nullable(ConfigDrift, 'null: none'),
    haproxy: Type.Object({
      version: nullable(Type.String(), 'null: it does not answer'),
      oldWorkers: Type.Integer({ description: 'Workers that still finish what they had before a reload' }),
      failedReloads: Type.Integer({ description: 'In a row, up to now' }),
    }),
    windows: Type.Optional(
      Type.Array(ProxyWindow, {
        maxItems: 60,
        description:
          'Those that no report before has carried to an answer; the same one again is counted once',
      }),
    ),
    agentVersion: Type.Optional(Type.String({ maxLength: 100 })),
    agentUpdate: Type.Optional(AgentUpdateReport),
    now: Timestamp,
  },
  { $id: 'ConfigReport', additionalProperties: false },
);
export type ConfigReport = Static<typeof ConfigReport>;

function nullable<T extends TSchema>(schema: T, description: string) {
  return Type.Union([Type.Null(), schema], { description });
}

function oneOf<T extends string>(known: readonly T[]) {
  return Type.Unsafe<T>(Type.Union(known.map((value) => Type.Literal(value))));
}
