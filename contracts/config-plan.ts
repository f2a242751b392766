import { Type, type Static } from 'typebox';
import { GroupQuorum } from './approval.ts';
import { Duration, Name } from './common.ts';
import { Port, UrlPath } from './config-document/text.ts';

/** How long, how many: the question that a wave may ask people before it begins. */
const WaveApproval = Type.Object(
  {
    approvals: Type.Optional(Type.Integer({ minimum: 1, maximum: 10 })),
    groups: Type.Optional(Type.Array(GroupQuorum, { maxItems: 10 })),
    timeout: Type.Optional(Duration),
    onTimeout: Type.Optional(Type.Union([Type.Literal('abort'), Type.Literal('hold')])),
    allowRequester: Type.Optional(
      Type.Boolean({ description: 'Whether who started the rollout may be one of them; no when left out' }),
    ),
  },
  { additionalProperties: false },
);

const Labels = Type.Record(
  Type.String({ pattern: '^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$' }),
  Type.String({ maxLength: 100 }),
  { description: 'Every one of them has the value' },
);

const Wave = Type.Object(
  {
    percent: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 100,
        description: 'So many percent of the whole fleet, counted with the percent waves before it',
      }),
    ),
    regions: Type.Optional(Type.Array(Name, { minItems: 1, maxItems: 100, uniqueItems: true })),
    labels: Type.Optional(Labels),
    bake: Type.Optional(Duration),
    approval: Type.Optional(Type.Union([Type.Boolean(), WaveApproval])),
  },
  { additionalProperties: false, description: 'Exactly one of percent, regions and labels' },
);

const Limit = Type.Object(
  {
    max: Type.Optional(Type.Number({ minimum: 0, description: 'Fails above this value' })),
    maxIncrease: Type.Optional(
      Type.Number({ minimum: 0, description: 'Fails above what the same proxies had before, plus this' }),
    ),
  },
  { additionalProperties: false, minProperties: 1 },
);

const Checks = Type.Object(
  {
    interval: Type.Optional(Duration),
    failureLimit: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 100, description: 'Failed checks in a row that are let pass' }),
    ),
    minRequests: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1_000_000,
        description:
          'Requests of the wave since it is live, before a limit can pass; fewer at the end of the bake fail it',
      }),
    ),
    errorRate: Type.Optional(Limit),
    refusedRate: Type.Optional(Limit),
    p95: Type.Optional(Limit),
    p99: Type.Optional(Limit),
    probe: Type.Optional(
      Type.Object(
        {
          port: Port,
          path: UrlPath,
          host: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
          status: Type.Optional(Type.Integer({ minimum: 100, maximum: 599 })),
        },
        {
          additionalProperties: false,
          description:
            'A request to each proxy of the wave at the address it enrolled with; 200 when no status is named',
        },
      ),
    ),
  },
  { additionalProperties: false },
);

const Partition = Type.Object(
  {
    policy: Type.Optional(
      Type.Union([Type.Literal('wait'), Type.Literal('proceed'), Type.Literal('abort')], {
        description:
          'What becomes of a wave whose proxies fall silent: it waits for them, goes on while they are within the budget, or fails',
      }),
    ),
    after: Type.Optional(Duration),
    budgetPercent: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
  },
  { additionalProperties: false },
);

/** A plan as people write it; everything may be left out. `domain/config-rollout/plan.ts` fills in the defaults. */
export const ConfigPlanInput = Type.Object(
  {
    waves: Type.Optional(
      Type.Array(Wave, { maxItems: 50, description: 'Who is in none of them comes last' }),
    ),
    rest: Type.Optional(
      Type.Object(
        {
          bake: Type.Optional(Duration),
          approval: Type.Optional(Type.Union([Type.Boolean(), WaveApproval])),
        },
        { additionalProperties: false, description: 'The last wave: everybody else' },
      ),
    ),
    checks: Type.Optional(Checks),
    apply: Type.Optional(Duration),
    partition: Type.Optional(Partition),
    deadline: Type.Optional(Duration),
  },
  { title: 'ConfigPlanInput', additionalProperties: false },
);
export type ConfigPlanInput = Static<typeof ConfigPlanInput>;

const Milliseconds = Type.Integer({ minimum: 0, description: 'Milliseconds' });
const Nullable = Type.Union([Type.Null(), Type.Number()]);

export const ConfigWaveRule = Type.Union([
  Type.Object({ by: Type.Literal('percent'), percent: Type.Number() }),
  Type.Object({ by: Type.Literal('region'), regions: Type.Array(Name) }),
  Type.Object({ by: Type.Literal('labels'), labels: Labels }),
  Type.Object({ by: Type.Literal('rest') }),
]);
export type ConfigWaveRule = Static<typeof ConfigWaveRule>;

/** The plan frozen at the start: nothing optional, all times in milliseconds. The last wave is always the rest. */
export const ConfigPlan = Type.Object(
  {
    waves: Type.Array(
      Type.Object({
        rule: ConfigWaveRule,
        bakeMs: Milliseconds,
        approval: Type.Union([
          Type.Null(),
          Type.Object({
            approvals: Type.Integer(),
            groups: Type.Array(GroupQuorum),
            timeoutMs: Milliseconds,
            onTimeout: Type.Union([Type.Literal('abort'), Type.Literal('hold')]),
            allowRequester: Type.Boolean(),
          }),
        ]),
      }),
    ),
    checks: Type.Object({
      intervalMs: Milliseconds,
      failureLimit: Type.Integer(),
      minRequests: Type.Integer(),
      limits: Type.Array(
        Type.Object({
          metric: Type.Union([
            Type.Literal('errorRate'),
            Type.Literal('refusedRate'),
            Type.Literal('p95'),
            Type.Literal('p99'),
          ]),
          max: Nullable,
          maxIncrease: Nullable,
        }),
      ),
      probe: Type.Union([
        Type.Null(),
        Type.Object({
          port: Port,
          path: UrlPath,
          host: Type.Union([Type.Null(), Type.String()]),
          status: Type.Integer(),
        }),
      ]),
    }),
    applyMs: Milliseconds,
    partition: Type.Object({
      policy: Type.Union([Type.Literal('wait'), Type.Literal('proceed'), Type.Literal('abort')]),
      afterMs: Milliseconds,
      budgetPercent: Type.Number(),
    }),
    deadlineMs: Milliseconds,
  },
  { title: 'ConfigPlan' },
);
export type ConfigPlan = Static<typeof ConfigPlan>;
