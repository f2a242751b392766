import { Type, type Static } from 'typebox';
import { Name, Page, Reason, Timestamp, Ulid } from './common.ts';
import { ConfigPlan, ConfigPlanInput } from './config-plan.ts';
import { Revision } from './config-revision.ts';

/** POST /v1/projects/:project/config-rollouts: brings every proxy of an environment to one revision, wave by wave. */
export const StartConfigRollout = Type.Object(
  {
    environment: Name,
    revision: Type.Optional(Revision),
    plan: Type.Optional(ConfigPlanInput),
    supersede: Type.Optional(
      Type.Boolean({ description: 'Abort a running rollout of the environment first; it rolls back' }),
    ),
    ignoreFreeze: Type.Optional(
      Type.Boolean({ description: 'Do not wait for the end of a freeze window; needs a reason' }),
    ),
    reason: Type.Optional(Reason),
  },
  {
    $id: 'StartConfigRollout',
    additionalProperties: false,
    description: 'revision: the head of the environment when left out',
  },
);
export type StartConfigRollout = Static<typeof StartConfigRollout>;

/** POST /v1/projects/:project/environments/:environment/config/rollback: back to an earlier revision, all at once and without bake. */
export const ConfigRollbackInput = Type.Object(
  { revision: Type.Optional(Revision), reason: Reason },
  {
    $id: 'ConfigRollbackInput',
    additionalProperties: false,
    description: 'revision: what the environment ran before its present one when left out',
  },
);
export type ConfigRollbackInput = Static<typeof ConfigRollbackInput>;

/** Where a rollout is in its story. */
export const configRolloutPhases = [
  'starting',
  'validating',
  'waiting-for-window',
  'waiting-for-approval',
  'applying',
  'baking',
  'paused',
  'settling',
  'rolling-back',
  'done',
] as const;
export const ConfigRolloutPhase = Type.Unsafe<(typeof configRolloutPhases)[number]>(
  Type.Union(configRolloutPhases.map((phase) => Type.Literal(phase))),
);
export type ConfigRolloutPhase = Static<typeof ConfigRolloutPhase>;

/** `completed`: every proxy of the environment is proven to run the revision, silent ones within the budget aside. */
export const configRolloutOutcomes = [
  'completed',
  'rolled-back',
  'aborted',
  'rejected',
  'superseded',
  'cancelled',
  'failed',
] as const;
export const ConfigRolloutOutcome = Type.Unsafe<(typeof configRolloutOutcomes)[number]>(
  Type.Union(configRolloutOutcomes.map((outcome) => Type.Literal(outcome))),
);
export type ConfigRolloutOutcome = Static<typeof ConfigRolloutOutcome>;

/** How many proxies of a wave are where, as their own reports say. They add up to `proxies`. */
export const WaveCounts = Type.Object({
  proxies: Type.Integer(),
  proven: Type.Integer({ description: 'HAProxy itself answers the hash of the order' }),
  pending: Type.Integer({ description: 'Heard of, and not decided yet' }),
  failed: Type.Integer({ description: 'Refused it, restored what ran before, or are not proven to have' }),
  silent: Type.Integer({ description: 'Not heard for longer than the plan lets pass' }),
});
export type WaveCounts = Static<typeof WaveCounts>;

/** A proxy that its wave waits for, or that did not take the order. */
export const Straggler = Type.Object({
  proxy: Name,
  standing: Type.Union([Type.Literal('pending'), Type.Literal('failed'), Type.Literal('silent')]),
  heardAt: Type.Union([Type.Null(), Timestamp], { description: 'Of its last report' }),
  failure: Type.Union([Type.Null(), Type.String()], { description: 'Why it did not take the order' }),
});
export type Straggler = Static<typeof Straggler>;

/** One look of the gate of a wave that bakes. Rates in percent, latencies in milliseconds. */
export const WaveCheck = Type.Object({
  at: Timestamp,
  verdict: Type.Union([Type.Literal('pass'), Type.Literal('fail'), Type.Literal('wait')]),
  explanation: Type.String(),
  requests: Type.Integer(),
  errorRate: Type.Union([Type.Null(), Type.Number()]),
  p95: Type.Union([Type.Null(), Type.Number()]),
  p99: Type.Union([Type.Null(), Type.Number()]),
});
export type WaveCheck = Static<typeof WaveCheck>;

/** The live state of a rollout: the answer of the workflow's query and the last one kept in Postgres. */
export const ConfigRolloutState = Type.Object({
  phase: ConfigRolloutPhase,
  /** Grows with every transition; a command names the revision it was decided on. */
  revision: Type.Integer(),
  /** Index into the plan's waves; -1 before the first. */
  wave: Type.Integer(),
  counts: Type.Union([Type.Null(), WaveCounts], { description: 'Of the wave under way' }),
  waitingFor: Type.Union([Type.Null(), Type.String()]),
  isPaused: Type.Boolean(),
  gate: Type.Union([
    Type.Null(),
    Type.Object({
      id: Ulid,
      subject: Type.String(),
      deadline: Timestamp,
      onTimeout: Type.String(),
      missing: Type.Integer(),
      waitsFor: Type.Array(Name),
    }),
  ]),
  lastCheck: Type.Union([Type.Null(), WaveCheck]),
  outcome: Type.Union([Type.Null(), ConfigRolloutOutcome]),
  reason: Type.Union([Type.Null(), Type.String()]),
});
export type ConfigRolloutState = Static<typeof ConfigRolloutState>;

export const ConfigRollout = Type.Object(
  {
    id: Ulid,
    project: Name,
    environment: Name,
    kind: Type.Union([Type.Literal('rollout'), Type.Literal('rollback')]),
    revision: Revision,
    base: Type.Union([Type.Null(), Revision], {
      description: 'What a rollback brings back; null: the file that each operator wrote',
    }),
    status: Type.Union([Type.Literal('starting'), Type.Literal('running'), Type.Literal('closed')]),
    plan: ConfigPlan,
    waves: Type.Array(Type.Integer(), { description: 'How many proxies each wave has' }),
    state: ConfigRolloutState,
    live: Type.Boolean({ description: 'true when the state was answered by the workflow just now' }),
    stragglers: Type.Optional(
      Type.Array(Straggler, {
        description:
          'Of one that is shown while it runs: up to 20 proxies of the wave under way that are not proven',
      }),
    ),
    startedBy: Type.String(),
    createdAt: Timestamp,
    finishedAt: Type.Union([Type.Null(), Timestamp]),
  },
  { $id: 'ConfigRollout' },
);
export type ConfigRollout = Static<typeof ConfigRollout>;
export const ConfigRolloutPage = Page(ConfigRollout, 'ConfigRolloutPage');

/** What people may ask of a running rollout, bound to the revision of the state that they looked at. */
export const ConfigCommandKind = Type.Union([
  Type.Literal('pause'),
  Type.Literal('resume'),
  Type.Literal('skip-bake'),
  Type.Literal('abort'),
]);
export type ConfigCommandKind = Static<typeof ConfigCommandKind>;

/** POST /v1/projects/:project/config-rollouts/:id/commands */
export const ConfigCommandInput = Type.Object(
  { kind: ConfigCommandKind, revision: Type.Integer({ minimum: 0 }), reason: Type.Optional(Reason) },
  { $id: 'ConfigCommandInput', additionalProperties: false },
);
export type ConfigCommandInput = Static<typeof ConfigCommandInput>;

export const ConfigCommand = Type.Object(
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
  { $id: 'ConfigCommand' },
);
export type ConfigCommand = Static<typeof ConfigCommand>;

/** Input of the workflow `configRollout`. Who is in which wave is frozen in Postgres, so that it does not grow with the fleet. */
export interface ConfigRolloutInput {
  readonly operationId: string;
  readonly project: string;
  readonly environment: string;
  readonly mode: 'rollout' | 'rollback';
  readonly revision: string;
  readonly base: string | null;
  readonly plan: ConfigPlan;
  readonly ignoreFreeze: boolean;
  /** A changed rule gets a new number, so that old histories replay. */
  readonly policy: 1;
}
