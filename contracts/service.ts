import { Type, type Static } from 'typebox';
import { CanaryPlanInput } from './canary-plan.ts';
import { Duration, Name, Page, Timestamp, Version } from './common.ts';

const Environment = Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), Type.String());

/** A version is a command. `{version}`, `{port}` and `{instance}` are replaced in every argument and value. */
export const ProcessStart = Type.Object(
  {
    runtime: Type.Literal('process'),
    command: Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), { minItems: 1, maxItems: 64 }),
    cwd: Type.Optional(Type.String({ pattern: '^/' })),
    env: Type.Optional(Environment),
  },
  { additionalProperties: false },
);
export type ProcessStart = Static<typeof ProcessStart>;

/** A version is an image. `{version}`, `{port}` and `{instance}` are replaced in the image, the command and values. */
export const DockerStart = Type.Object(
  {
    runtime: Type.Literal('docker'),
    image: Type.String({ minLength: 1, maxLength: 255 }),
    containerPort: Type.Integer({ minimum: 1, maximum: 65535 }),
    command: Type.Optional(Type.Array(Type.String(), { maxItems: 64 })),
    env: Type.Optional(Environment),
  },
  { additionalProperties: false },
);
export type DockerStart = Static<typeof DockerStart>;

/** How one version of a service starts. */
export const Start = Type.Union([ProcessStart, DockerStart]);
export type Start = Static<typeof Start>;

/** What people register once for each service. */
export const ServiceInput = Type.Object(
  {
    name: Name,
    start: Start,
    traffic: Type.Object(
      {
        provider: Type.Literal('haproxy'),
        proxy: Type.Optional(Name),
        backend: Type.String({ pattern: '^[A-Za-z0-9_.:-]{1,128}$', description: 'A backend of the proxy' }),
      },
      { additionalProperties: false },
    ),
    health: Type.Optional(
      Type.Object(
        {
          path: Type.Optional(Type.String({ pattern: '^/[!-~]*$', maxLength: 512 })),
          timeout: Type.Optional(Duration),
        },
        { additionalProperties: false, description: 'GET on every instance; 2xx is healthy' },
      ),
    ),
    instances: Type.Optional(Type.Integer({ minimum: 1, maximum: 16 })),
    plan: Type.Optional(CanaryPlanInput),
  },
  { $id: 'ServiceInput', additionalProperties: false },
);
export type ServiceInput = Static<typeof ServiceInput>;

export const Service = Type.Object(
  {
    name: Name,
    start: Start,
    traffic: Type.Object({ provider: Type.Literal('haproxy'), proxy: Name, backend: Type.String() }),
    health: Type.Object({ path: Type.String(), timeoutMs: Type.Integer() }),
    instances: Type.Integer(),
    plan: Type.Union([Type.Null(), CanaryPlanInput]),
    stableVersion: Type.Union([Type.Null(), Version]),
    previousVersion: Type.Union([Type.Null(), Version], {
      description: 'Kept warm for a rollback until warmUntil',
    }),
    warmUntil: Type.Union([Type.Null(), Timestamp]),
    stopped: Type.Union([
      Type.Null(),
      Type.Object({ reason: Type.String(), by: Type.String(), at: Timestamp }),
    ]),
    createdAt: Timestamp,
  },
  { $id: 'Service' },
);
export type Service = Static<typeof Service>;

export const ServicePage = Page(Service, 'ServicePage');
