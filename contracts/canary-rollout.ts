import { Type, type Static } from 'typebox';
import { CanaryPlan, CanaryPlanInput } from './canary-plan.ts';
import { Name, Page, Reason, Timestamp, Ulid, Version } from './common.ts';
import { Start } from './service.ts';

const Revision = (description: string) => Type.String({ pattern: '^[0-9a-f]{64}$', description });

/** A configuration that comes with a version: the proxy of the service gets it before the first request does. */
export const CanaryConfigInput = Type.Object(
  {
    environment: Name,
    revision: Type.Optional(Revision('Left out: the head')),
  },
  { additionalProperties: false },
);
export type CanaryConfigInput = Static<typeof CanaryConfigInput>;

/** The same, frozen at the start. */
export const CanaryConfig = Type.Object({
  environment: Name,
  revision: Revision('What the version comes with'),
  base: Type.Union([
    Type.Null(),
    Revision('What the proxy ran before, and gets back; null: the file of its operator'),
  ]),
});
export type CanaryConfig = Static<typeof CanaryConfig>;

/** POST /v1/projects/:project/canary-rollouts */
export const StartCanaryRollout = Type.Object(
  {
    service: Name,
    version: Version,
    start: Type.Optional(Start),
    plan: Type.Optional(CanaryPlanInput),
    supersede: Type.Optional(Type.Boolean({ description: 'Abort a running rollout of the service first' })),
    reason: Type.Optional(Reason),
    config: Type.Optional(CanaryConfigInput),
  },
  { $id: 'StartCanaryRollout', additionalProperties: false },
);
export type StartCanaryRollout = Static<typeof StartCanaryRollout>;

/** Where a rollout is in its story. */
export const CanaryPhase = Type.Union([
  Type.Literal('starting'),
  Type.Literal('health-check'),
  Type.Literal('configuring'),
  Type.Literal('shifting'),
  Type.Literal('soaking'),
  Type.Literal('waiting-for-approval'),
  Type.Literal('paused'),
  Type.Literal('holding'),
  Type.Literal('promoting'),
  Type.Literal('rolling-back'),
  Type.Literal('done'),
]);
export type CanaryPhase = Static<typeof CanaryPhase>;

export const CanaryOutcome = Type.Union([
  Type.Literal('promoted'),
  Type.Literal('rolled-back'),
  Type.Literal('aborted'),
  Type.Literal('rejected'),
  Type.Literal('superseded'),
  Type.Literal('stopped'),
  Type.Literal('cancelled'),
  Type.Literal('failed'),
]);
export type CanaryOutcome = Static<typeof CanaryOutcome>;

const Severity = Type.Union([
  Type.Literal('ok'),
  Type.Literal('breach'),
  Type.Literal('stable-breach'),
  Type.Literal('inconclusive'),
  Type.Literal('no-data'),
  Type.Literal('muted'),
]);

/** What one check of one metric saw. Values are percent for `errorRate`, milliseconds for latencies, null without data. */
export const MetricResult = Type.Object({
  metric: Type.String(),
  result: Severity,
  canary: Type.Union([Type.Null(), Type.Number()]),
  stable: Type.Union([Type.Null(), Type.Number()]),
  limit: Type.Union([Type.Null(), Type.Number()]),
  explanation: Type.String(),
});
export type MetricResult = Static<typeof MetricResult>;

/** The last check: counted requests of both arms in the window and the result of each metric. */
export const CheckResult = Type.Object({
  at: Timestamp,
  verdict: Type.Union([
    Type.Literal('pass'),
    Type.Literal('fail'),
    Type.Literal('stable-breach'),
    Type.Literal('inconclusive'),
    Type.Literal('no-data'),
    Type.Literal('metrics-error'),
  ]),
  explanation: Type.String(),
  canaryRequests: Type.Integer(),
  stableRequests: Type.Integer(),
  metrics: Type.Array(MetricResult),
});
export type CheckResult = Static<typeof CheckResult>;

/** The live state of a rollout: the answer of the workflow's query and the last one kept in Postgres. */
export const CanaryRolloutState = Type.Object({
  phase: CanaryPhase,
  /** Grows with every transition; a command names the revision it was decided on. */
  revision: Type.Integer(),
  /** Index into the plan's steps; -1 before the first. */
  step: Type.Integer(),
  weight: Type.Integer({ description: 'Percent of requests the canary is meant to receive' }),
  compared: Type.Boolean({ description: 'false for a first release: nothing was compared' }),
  waitingFor: Type.Union([Type.Null(), Type.String()]),
  hold: Type.Union([
    Type.Null(),
    Type.Object({ reason: Type.String(), by: Type.String(), until: Type.Union([Type.Null(), Timestamp]) }),
  ]),
  muted: Type.Array(
    Type.Object({ metric: Type.String(), reason: Type.String(), by: Type.String(), until: Timestamp }),
  ),
  gate: Type.Union([
    Type.Null(),
    Type.Object({
      subject: Type.String(),
      deadline: Timestamp,
      onTimeout: Type.String(),
      id: Type.Optional(Ulid),
      missing: Type.Optional(Type.Integer({ description: 'How many people more have to approve' })),
      waitsFor: Type.Optional(Type.Array(Name, { description: 'Groups that are missing; none: anybody' })),
      standIns: Type.Optional(Type.Array(Name, { description: 'Groups that may approve by now as well' })),
    }),
  ]),
  lastCheck: Type.Union([Type.Null(), CheckResult]),
  outcome: Type.Union([Type.Null(), CanaryOutcome]),
  reason: Type.Union([Type.Null(), Type.String()]),
  glassBrokenBy: Type.Optional(Type.String({ description: 'An admin passed a gate without its approvals' })),
  configHash: Type.Optional(
    Type.String({ description: 'Of the configuration that the proxy was last proven to run for it' }),
  ),
});
export type CanaryRolloutState = Static<typeof CanaryRolloutState>;

export const CanaryRollout = Type.Object(
  {
    id: Ulid,
    project: Name,
    service: Name,
    version: Version,
    stableVersion: Type.Union([Type.Null(), Version]),
    kind: Type.Union([Type.Literal('rollout'), Type.Literal('rollback')]),
    status: Type.Union([Type.Literal('starting'), Type.Literal('running'), Type.Literal('closed')]),
    plan: CanaryPlan,
    state: CanaryRolloutState,
    live: Type.Boolean({ description: 'true when the state was answered by the workflow just now' }),
    startedBy: Type.String(),
    createdAt: Timestamp,
    finishedAt: Type.Union([Type.Null(), Timestamp]),
    config: Type.Optional(CanaryConfig),
  },
  { $id: 'CanaryRollout' },
);
export type CanaryRollout = Static<typeof CanaryRollout>;

export const CanaryRolloutPage = Page(CanaryRollout, 'CanaryRolloutPage');

/** What people may ask of a running rollout, bound to the revision and step they looked at. */
export const CanaryCommandKind = Type.Union([
  Type.Literal('pause'),
  Type.Literal('resume'),
  Type.Literal('promote'),
  Type.Literal('promote-full'),
  Type.Literal('abort'),
  Type.Literal('mute'),
  Type.Literal('hold'),
  Type.Literal('release-hold'),
]);
export type CanaryCommandKind = Static<typeof CanaryCommandKind>;

/** POST /v1/projects/:project/canary-rollouts/:id/commands */
export const CanaryCommandInput = Type.Object(
  {
    kind: CanaryCommandKind,
    revision: Type.Integer({ minimum: 0 }),
    step: Type.Integer({ minimum: -1 }),
    reason: Type.Optional(Reason),
    metric: Type.Optional(Type.Union([Type.Literal('errorRate'), Type.Literal('p95'), Type.Literal('p99')])),
    expiresIn: Type.Optional(Type.String({ pattern: '^[0-9]{1,9}(ms|s|m|h|d)$' })),
  },
  { $id: 'CanaryCommandInput', additionalProperties: false },
);
export type CanaryCommandInput = Static<typeof CanaryCommandInput>;

export const CanaryCommand = Type.Object(
  {
    id: Ulid,
    operationId: Ulid,
    kind: Type.String(),
    state: Type.Union([Type.Literal('pending'), Type.Literal('accepted'), Type.Literal('refused')]),
    reason: Type.Union([Type.Null(), Type.String()]),
    answer: Type.Union([Type.Null(), Type.String()], { description: 'Why it was refused, or what it did' }),
    requestedBy: Type.String(),
    createdAt: Timestamp,
  },
  { $id: 'CanaryCommand' },
);
export type CanaryCommand = Static<typeof CanaryCommand>;

/** POST /v1/projects/:project/canary-rollouts/:id/decisions: a person's answer at a gate. */
export const CanaryDecisionInput = Type.Object(
  {
    decision: Type.Union([Type.Literal('approve'), Type.Literal('reject')]),
    subject: Type.String({ description: 'Digest shown by the gate: what exactly is approved' }),
    reason: Type.Optional(Reason),
  },
  { $id: 'CanaryDecisionInput', additionalProperties: false },
);
export type CanaryDecisionInput = Static<typeof CanaryDecisionInput>;

export const CanaryDecision = Type.Object(
  {
    id: Ulid,
    operationId: Ulid,
    subject: Type.String(),
    decision: Type.Union([Type.Literal('approve'), Type.Literal('reject')]),
    by: Type.String(),
    reason: Type.Union([Type.Null(), Type.String()]),
    at: Timestamp,
    consumedAt: Type.Union([Type.Null(), Timestamp]),
  },
  { $id: 'CanaryDecision' },
);
export type CanaryDecision = Static<typeof CanaryDecision>;

/** POST /v1/projects/:project/services/:service/rollback */
export const RollbackInput = Type.Object(
  { reason: Reason },
  { $id: 'RollbackInput', additionalProperties: false },
);
export type RollbackInput = Static<typeof RollbackInput>;

/** Input of the workflow `canaryRollout`: everything it will ever need, frozen at the start. */
export interface CanaryRolloutInput {
  readonly operationId: string;
  readonly project: string;
  readonly service: string;
  readonly version: string;
  readonly stableVersion: string | null;
  readonly plan: CanaryPlan;
  /** The policy version of the judge; a changed rule gets a new number, so that old histories replay. */
  readonly policy: 1;
  /** Left out: the version comes alone. */
  readonly config?: CanaryConfig;
}

/** Input of the workflow `canaryRollback`: puts the previous release back while it is warm. */
export interface CanaryRollbackInput {
  readonly operationId: string;
  readonly project: string;
  readonly service: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly drainDelayMs: number;
  /** What the version to leave came with; its base is what is put back. Left out: it came alone. */
  readonly config?: CanaryConfig;
}
