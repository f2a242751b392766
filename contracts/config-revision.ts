import { Type, type Static } from 'typebox';
import { Duration, Name, Page, Reason, ref, Timestamp } from './common.ts';
import { ConfigPlan, ConfigPlanInput } from './config-plan.ts';
import { DriftPolicy } from './config-bundle.ts';
import { FreezeWindow } from './freeze-window.ts';

/** The address of a document by its content, and the ETag of a head. */
export const Revision = Type.String({
  pattern: '^[0-9a-f]{64}$',
  description: 'SHA-256 over the canonical JSON of the document, in lower-case hex',
});
export type Revision = Static<typeof Revision>;

/** A document of any known schema version; what is wrong with it is told by pointer. */
const Document = Type.Unsafe<Record<string, unknown>>(
  Type.Object(
    {},
    { additionalProperties: true, description: 'A ConfigDocument, of this or an older schemaVersion' },
  ),
);

export const ConfigRevision = Type.Object(
  {
    project: Name,
    environment: Name,
    revision: Revision,
    parent: Type.Union([Type.Null(), Revision]),
    author: Type.String(),
    reason: Type.String(),
    schemaVersion: Type.Integer(),
    createdAt: Timestamp,
    isHead: Type.Boolean(),
    isLive: Type.Boolean({ description: 'The last rollout that reached the whole environment brought it' }),
  },
  { $id: 'ConfigRevision' },
);
export type ConfigRevision = Static<typeof ConfigRevision>;

/** One revision with its content and the `haproxy.cfg` it renders to. */
export const ConfigRevisionDetail = Type.Object(
  { ...ConfigRevision.properties, document: Document, rendered: Type.String() },
  { $id: 'ConfigRevisionDetail' },
);
export type ConfigRevisionDetail = Static<typeof ConfigRevisionDetail>;

/** The moves of a head, newest first: each says who put which revision there, and why. */
export const ConfigHeadMove = Type.Object(
  {
    seq: Type.Integer({ minimum: 1 }),
    revision: Revision,
    parent: Type.Union([Type.Null(), Revision]),
    author: Type.String(),
    reason: Type.String(),
    at: Timestamp,
  },
  { $id: 'ConfigHeadMove' },
);
export type ConfigHeadMove = Static<typeof ConfigHeadMove>;
export const ConfigHeadMovePage = Page(ConfigHeadMove, 'ConfigHeadMovePage');

/**
 * PUT /v1/projects/:project/environments/:environment/config with `If-Match` (the revision that was read) or `If-None-Match: *` (the
 * first one). Nothing is rolled out by it.
 */
export const ConfigHeadInput = Type.Object(
  { document: Document, reason: Reason },
  { $id: 'ConfigHeadInput', additionalProperties: false },
);
export type ConfigHeadInput = Static<typeof ConfigHeadInput>;

const Change = Type.Object({
  kind: Type.String({ description: 'Such as route-moved, server-added' }),
  pointer: Type.String(),
  detail: Type.String(),
});

export const ConfigDiff = Type.Object(
  {
    from: Type.Union([Type.Null(), Revision]),
    to: Revision,
    changes: Type.Array(Change, { description: 'What it means' }),
    files: Type.String({ description: 'What it comes to in haproxy.cfg, as a unified diff' }),
    reload: Type.Object({
      class: Type.Union([Type.Literal('nothing'), Type.Literal('runtime'), Type.Literal('reload')]),
      reasons: Type.Array(Type.String()),
    }),
  },
  { $id: 'ConfigDiff' },
);
export type ConfigDiff = Static<typeof ConfigDiff>;

const Finding = Type.Object({
  severity: Type.Union([Type.Literal('alert'), Type.Literal('warning')]),
  pointer: Type.String(),
  detail: Type.String(),
});

/** POST …/config/plan: what a document would come to, with nothing written. */
export const ConfigPreviewInput = Type.Object(
  {
    document: Type.Optional(Document),
    revision: Type.Optional(Revision),
    plan: Type.Optional(ConfigPlanInput),
  },
  {
    $id: 'ConfigPreviewInput',
    additionalProperties: false,
    description: 'Exactly one of document and revision; the head when both are left out',
  },
);
export type ConfigPreviewInput = Static<typeof ConfigPreviewInput>;

export const ConfigPreview = Type.Object(
  {
    revision: Revision,
    problems: Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() }), {
      description: 'Against shape and policy',
    }),
    findings: Type.Array(Finding, { description: 'What haproxy -c -dW says against it' }),
    diff: ref(ConfigDiff),
    plan: ConfigPlan,
    waves: Type.Array(Type.Array(Name), { description: 'The proxies of each wave, as the fleet is now' }),
    frozenUntil: Type.Union([Type.Null(), Timestamp], { description: 'A freeze window holds until then' }),
  },
  { $id: 'ConfigPreview' },
);
export type ConfigPreview = Static<typeof ConfigPreview>;

/** POST …/config/merge: what the head and a document that was made from an older revision come to together. */
export const ConfigMergeInput = Type.Object(
  { base: Revision, document: Document },
  { $id: 'ConfigMergeInput', additionalProperties: false },
);
export const ConfigMerge = Type.Object(
  {
    head: Revision,
    document: Document,
    conflicts: Type.Array(
      Type.Object({
        pointer: Type.String(),
        base: Type.Unknown(),
        ours: Type.Unknown(),
        theirs: Type.Unknown(),
      }),
      { description: 'Both sides changed the part: the document holds yours' },
    ),
  },
  { $id: 'ConfigMerge' },
);
export type ConfigMerge = Static<typeof ConfigMerge>;

/** POST …/config/import: an existing haproxy.cfg as a document, every line accounted for. */
export const ConfigImportInput = Type.Object(
  { haproxy: Type.String({ minLength: 1, maxLength: 200_000 }) },
  { $id: 'ConfigImportInput', additionalProperties: false },
);
export const ConfigImport = Type.Object(
  {
    document: Document,
    notes: Type.Array(
      Type.Object({
        line: Type.Integer(),
        text: Type.String(),
        kind: Type.String({ description: 'lost or changed' }),
        detail: Type.String(),
      }),
    ),
  },
  { $id: 'ConfigImport' },
);
export type ConfigImport = Static<typeof ConfigImport>;

export const SampledRequest = Type.Object(
  {
    port: Type.Integer({ minimum: 1, maximum: 65535 }),
    method: Type.String({ pattern: '^[A-Z]{1,20}$' }),
    host: Type.String({ maxLength: 253 }),
    path: Type.String({ pattern: '^/[!-~]*$', maxLength: 8000 }),
    headers: Type.Optional(Type.Record(Type.String({ maxLength: 100 }), Type.String({ maxLength: 4000 }))),
  },
  { additionalProperties: false },
);

/** POST …/config/simulate: real old and new HAProxy side by side, with backends that answer by themselves. */
export const ConfigSimulationInput = Type.Object(
  {
    document: Type.Optional(Document),
    revision: Type.Optional(Revision),
    against: Type.Optional(Revision),
    requests: Type.Optional(Type.Array(SampledRequest, { minItems: 1, maxItems: 5000 })),
  },
  {
    $id: 'ConfigSimulationInput',
    additionalProperties: false,
    description:
      'against: what is live when left out, else the head. requests: those that the proxies have seen in the last day, when left out',
  },
);
export type ConfigSimulationInput = Static<typeof ConfigSimulationInput>;
export const ConfigSimulation = Type.Object(
  {
    from: Type.Union([Type.Null(), Revision]),
    to: Revision,
    requests: Type.Integer(),
    seen: Type.Optional(
      Type.Object(
        {
          from: Timestamp,
          to: Timestamp,
          elsewhere: Type.Integer({
            description:
              'Others of that time that are left out: neither side listens on the port that they came to',
          }),
        },
        { description: 'When the proxies have seen the requests; not there when they were sent along' },
      ),
    ),
    affected: Type.Array(
      Type.Object({
        index: Type.Integer(),
        request: SampledRequest,
        changes: Type.Array(
          Type.Object({
            what: Type.String(),
            name: Type.Optional(Type.String()),
            before: Type.Union([Type.Null(), Type.String()]),
            after: Type.Union([Type.Null(), Type.String()]),
          }),
        ),
      }),
    ),
  },
  { $id: 'ConfigSimulation' },
);
export type ConfigSimulation = Static<typeof ConfigSimulation>;

/** What must go on to hold, whatever is rolled out: a shadow run asks before the first wave. */
export const ConfigExpectation = Type.Object(
  {
    request: SampledRequest,
    status: Type.Optional(Type.Integer({ minimum: 100, maximum: 599 })),
    route: Type.Optional(Type.String({ maxLength: 64 })),
    backend: Type.Optional(Type.String({ maxLength: 64 })),
  },
  {
    additionalProperties: false,
    minProperties: 2,
    description: 'The request gets this status, by this route, from this backend',
  },
);
export type ConfigExpectation = Static<typeof ConfigExpectation>;

/** PUT /v1/projects/:project/environments/:environment: how an environment is rolled out when a start says nothing else. */
export const EnvironmentSettings = Type.Object(
  {
    plan: Type.Optional(ConfigPlanInput),
    freezes: Type.Optional(Type.Array(FreezeWindow, { maxItems: 50 })),
    expectations: Type.Optional(Type.Array(ConfigExpectation, { maxItems: 500 })),
    drift: Type.Optional(DriftPolicy),
    bundleLifetime: Type.Optional(Duration),
  },
  { $id: 'EnvironmentSettings', additionalProperties: false },
);
export type EnvironmentSettings = Static<typeof EnvironmentSettings>;

/** A fleet of proxies that run one configuration. */
export const Environment = Type.Object(
  {
    project: Name,
    name: Name,
    head: Type.Union([Type.Null(), Revision]),
    live: Type.Union([Type.Null(), Revision], { description: 'What the last completed rollout brought' }),
    previous: Type.Union([Type.Null(), Revision], { description: 'What was live before that' }),
    proxies: Type.Integer(),
    proven: Type.Integer({ description: 'Proxies that are proven to run the order they have' }),
    drifting: Type.Integer(),
    rollout: Type.Union([Type.Null(), Type.String()], { description: 'The operation that holds it now' }),
    settings: ref(EnvironmentSettings),
  },
  { $id: 'Environment' },
);
export type Environment = Static<typeof Environment>;
export const EnvironmentList = Type.Object(
  { items: Type.Array(ref(Environment)) },
  { $id: 'EnvironmentList' },
);
export type EnvironmentList = Static<typeof EnvironmentList>;
