import { Type, type Static } from 'typebox';
import { GroupQuorum } from './approval.ts';
import { Duration, Name } from './common.ts';

/**
 * Limits of one metric. `max` is absolute; `maxRatio` and `maxIncrease` compare with the stable version in the same window.
 * Units are those of the metric: percent for `errorRate`, milliseconds for `p95` and `p99`.
 */
const Threshold = Type.Object(
  {
    max: Type.Optional(Type.Number({ minimum: 0, description: 'Fails above this value' })),
    maxRatio: Type.Optional(
      Type.Number({ minimum: 1, description: 'Fails above this multiple of the stable version' }),
    ),
    maxIncrease: Type.Optional(
      Type.Number({ minimum: 0, description: 'Fails above the stable version plus this' }),
    ),
  },
  { additionalProperties: false, minProperties: 1 },
);

const Gate = Type.Object(
  {
    timeout: Type.Optional(Duration),
    onTimeout: Type.Optional(Type.Union([Type.Literal('abort'), Type.Literal('hold')])),
    approvals: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10,
        description: 'How many people have to approve; 1, or what the groups ask for, when left out',
      }),
    ),
    groups: Type.Optional(
      Type.Array(GroupQuorum, {
        maxItems: 10,
        description: 'So many of each group; a person counts for one',
      }),
    ),
    escalation: Type.Optional(
      Type.Array(
        Type.Object(
          {
            after: Duration,
            groups: Type.Array(Name, { minItems: 1, maxItems: 10, uniqueItems: true }),
          },
          { additionalProperties: false },
        ),
        { maxItems: 5, description: 'Who may stand in for the groups when nobody has answered for so long' },
      ),
    ),
    allowRequester: Type.Optional(
      Type.Boolean({ description: 'Whether who started the rollout may be one of them; no when left out' }),
    ),
  },
  {
    additionalProperties: false,
    description: 'A person approves before the rollout goes on after this step',
  },
);

/** A plan as people write it; everything may be left out. `domain/canary-rollout/plan.ts` fills in the defaults. */
export const CanaryPlanInput = Type.Object(
  {
    steps: Type.Optional(
      Type.Array(
        Type.Object(
          {
            weight: Type.Integer({
              minimum: 1,
              maximum: 100,
              description: 'Percent of requests to the canary',
            }),
            soak: Type.Optional(Duration),
            gate: Type.Optional(Type.Union([Type.Boolean(), Gate])),
          },
          { additionalProperties: false },
        ),
        { minItems: 1, maxItems: 32 },
      ),
    ),
    checks: Type.Optional(
      Type.Object(
        {
          interval: Type.Optional(Duration),
          window: Type.Optional(Duration),
          failureLimit: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
          minRequests: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
        },
        { additionalProperties: false },
      ),
    ),
    thresholds: Type.Optional(
      Type.Object(
        {
          errorRate: Type.Optional(Threshold),
          p95: Type.Optional(Threshold),
          p99: Type.Optional(Threshold),
        },
        { additionalProperties: false },
      ),
    ),
    onStableBreach: Type.Optional(Type.Union([Type.Literal('hold'), Type.Literal('abort')])),
    timeouts: Type.Optional(
      Type.Object(
        {
          health: Type.Optional(Duration),
          verify: Type.Optional(Duration),
          hold: Type.Optional(Duration),
          deadline: Type.Optional(Duration),
        },
        { additionalProperties: false },
      ),
    ),
    lease: Type.Optional(Duration),
    drainDelay: Type.Optional(Duration),
    warmWindow: Type.Optional(Duration),
  },
  { title: 'CanaryPlanInput', additionalProperties: false },
);
export type CanaryPlanInput = Static<typeof CanaryPlanInput>;

const Metric = Type.Union([Type.Literal('errorRate'), Type.Literal('p95'), Type.Literal('p99')]);
export type Metric = Static<typeof Metric>;

const Milliseconds = Type.Integer({ minimum: 0, description: 'Milliseconds' });

/** The plan frozen at the start of a rollout: nothing optional, all times in milliseconds. */
export const CanaryPlan = Type.Object(
  {
    steps: Type.Array(
      Type.Object({
        weight: Type.Integer(),
        soakMs: Milliseconds,
        gate: Type.Union([
          Type.Null(),
          Type.Object({
            timeoutMs: Milliseconds,
            onTimeout: Type.Union([Type.Literal('abort'), Type.Literal('hold')]),
            /** Plans that were frozen before there were these two: 1 and false. */
            approvals: Type.Optional(Type.Integer()),
            allowRequester: Type.Optional(Type.Boolean()),
            /** Left out where the plan names none. */
            groups: Type.Optional(Type.Array(GroupQuorum)),
            escalation: Type.Optional(
              Type.Array(Type.Object({ afterMs: Milliseconds, groups: Type.Array(Name) })),
            ),
          }),
        ]),
      }),
    ),
    checks: Type.Object({
      intervalMs: Milliseconds,
      windowMs: Milliseconds,
      failureLimit: Type.Integer(),
      minRequests: Type.Integer(),
    }),
    thresholds: Type.Array(
      Type.Object({
        metric: Metric,
        max: Type.Union([Type.Null(), Type.Number()]),
        maxRatio: Type.Union([Type.Null(), Type.Number()]),
        maxIncrease: Type.Union([Type.Null(), Type.Number()]),
      }),
    ),
    onStableBreach: Type.Union([Type.Literal('hold'), Type.Literal('abort')]),
    /** `deadlineMs` bounds the whole rollout and does not run while a person holds, pauses or is asked to approve. */
    timeouts: Type.Object({
      healthMs: Milliseconds,
      verifyMs: Milliseconds,
      holdMs: Milliseconds,
      deadlineMs: Milliseconds,
    }),
    leaseMs: Milliseconds,
    drainDelayMs: Milliseconds,
    warmWindowMs: Milliseconds,
  },
  { title: 'CanaryPlan' },
);
export type CanaryPlan = Static<typeof CanaryPlan>;
