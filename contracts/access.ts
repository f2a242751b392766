import { Type, type Static } from 'typebox';
import { Name, ref, Timestamp, Ulid } from './common.ts';

export const PrincipalId = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._@+:/-]{0,99}$',
  description: '1 to 100 letters, digits or . _ @ + : / -',
});
export type PrincipalId = Static<typeof PrincipalId>;

export const Role = Type.Union([
  Type.Literal('viewer'),
  Type.Literal('operator'),
  Type.Literal('approver'),
  Type.Literal('admin'),
]);
export type Role = Static<typeof Role>;

const Kind = Type.Union([Type.Literal('person'), Type.Literal('service')]);
const Scopes = Type.Array(Type.String({ maxLength: 60 }), {
  maxItems: 50,
  description: 'Only these permissions, such as canary-rollout:start; docs/access.md has the table',
});

/** POST /v1/projects: a tenant of its own. */
export const ProjectInput = Type.Object({ name: Name }, { $id: 'ProjectInput', additionalProperties: false });
export const Project = Type.Object({ name: Name, createdAt: Timestamp }, { $id: 'Project' });
export type Project = Static<typeof Project>;
export const ProjectList = Type.Object({ items: Type.Array(ref(Project)) }, { $id: 'ProjectList' });
export type ProjectList = Static<typeof ProjectList>;

/** PUT /v1/projects/:project/members/:principal replaces what the principal may be in the project; no roles: nothing any more. */
export const MemberInput = Type.Object(
  {
    roles: Type.Array(Role, { maxItems: 4, uniqueItems: true }),
    kind: Type.Optional(Kind),
  },
  { $id: 'MemberInput', additionalProperties: false },
);
export const Member = Type.Object(
  {
    principal: PrincipalId,
    kind: Type.String(),
    roles: Type.Array(Role),
    everywhere: Type.Boolean({ description: 'Holds in every project of the installation' }),
  },
  { $id: 'Member' },
);
export type Member = Static<typeof Member>;
export const MemberList = Type.Object({ items: Type.Array(ref(Member)) }, { $id: 'MemberList' });
export type MemberList = Static<typeof MemberList>;

/** POST /v1/projects/:project/api-keys: a key of a member, for this project alone. */
export const ApiKeyInput = Type.Object(
  {
    principal: PrincipalId,
    name: Type.String({ minLength: 1, maxLength: 100, description: 'What the key is for' }),
    expiresIn: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,9}(ms|s|m|h|d)$', description: 'Default 90d, at most 366d' }),
    ),
    scopes: Type.Optional(Scopes),
  },
  { $id: 'ApiKeyInput', additionalProperties: false },
);
export type ApiKeyInput = Static<typeof ApiKeyInput>;

const keyFields = {
  id: Ulid,
  principal: PrincipalId,
  name: Type.String(),
  prefix: Type.String({ description: 'How the key begins, to find it in a configuration' }),
  scopes: Type.Union([Type.Null(), Scopes]),
  createdBy: Type.String(),
  createdAt: Timestamp,
  expiresAt: Type.Union([Type.Null(), Timestamp]),
  lastUsedAt: Type.Union([Type.Null(), Timestamp]),
  revokedAt: Type.Union([Type.Null(), Timestamp]),
};
export const ApiKey = Type.Object(keyFields, { $id: 'ApiKey' });
export type ApiKey = Static<typeof ApiKey>;
export const ApiKeyList = Type.Object({ items: Type.Array(ref(ApiKey)) }, { $id: 'ApiKeyList' });
export type ApiKeyList = Static<typeof ApiKeyList>;

/** The answer that makes a key: the only time its secret is told. */
export const NewApiKey = Type.Object(
  { ...keyFields, secret: Type.String({ description: 'Shown this once; only its hash is kept' }) },
  { $id: 'NewApiKey' },
);
export type NewApiKey = Static<typeof NewApiKey>;

/** POST /v1/projects/:project/api-keys/:id/rotate: a new secret; the old one works until the overlap is over. */
export const RotateApiKey = Type.Object(
  {
    overlap: Type.Optional(Type.String({ pattern: '^[0-9]{1,9}(ms|s|m|h|d)$', description: 'Default 24h' })),
  },
  { $id: 'RotateApiKey', additionalProperties: false },
);

/** GET /v1/whoami */
export const WhoAmI = Type.Object(
  {
    principal: PrincipalId,
    kind: Type.String(),
    roles: Type.Record(Type.String(), Type.Array(Role)),
    scopes: Type.Union([Type.Null(), Scopes]),
    project: Type.Union([Type.Null(), Name]),
  },
  { $id: 'WhoAmI' },
);
export type WhoAmI = Static<typeof WhoAmI>;
