import { Type, type Static } from 'typebox';
import { Duration, Name, Reason, Timestamp, Version } from './common.ts';

/**
 * How a proxy agent gets a newer program of itself. An admin uploads a release, which is one self-contained ES module, and orders it for
 * proxies. Each agent learns the number of its newest order from the answer to its reports (header `holdfast-agent-order`), fetches the
 * signed order from GET /v1/proxies/:proxy/agent-order and the release from GET /v1/proxies/:proxy/agent-releases/:sha256.
 */

/** Bytes of a release, at most. */
export const longestRelease = 4 * 1024 * 1024;

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 in lower-case hex' });

export const AgentReleaseInput = Type.Object(
  {
    version: Version,
    content: Type.String({
      minLength: 1,
      description: 'One ES module without imports but those of Node; 4 MiB at most',
    }),
  },
  { $id: 'AgentReleaseInput', additionalProperties: false },
);
export type AgentReleaseInput = Static<typeof AgentReleaseInput>;

export const AgentRelease = Type.Object(
  { sha256: Sha256, version: Version, size: Type.Integer({ description: 'Bytes' }), createdAt: Timestamp },
  { $id: 'AgentRelease' },
);
export type AgentRelease = Static<typeof AgentRelease>;

/** POST /v1/projects/:project/agent-updates: which proxies are to run which release. All selectors that are given must fit. */
export const OrderAgentUpdate = Type.Object(
  {
    release: Sha256,
    environment: Name,
    proxies: Type.Optional(Type.Array(Name, { minItems: 1, maxItems: 10_000 })),
    region: Type.Optional(Name),
    labels: Type.Optional(Type.Record(Type.String({ maxLength: 63 }), Type.String({ maxLength: 100 }))),
    all: Type.Optional(Type.Literal(true, { description: 'Every enrolled proxy of the environment' })),
    validFor: Type.Optional(Duration),
    reason: Reason,
  },
  { $id: 'OrderAgentUpdate', additionalProperties: false },
);
export type OrderAgentUpdate = Static<typeof OrderAgentUpdate>;

export const AgentUpdate = Type.Object(
  {
    release: Sha256,
    version: Version,
    expiresAt: Timestamp,
    orders: Type.Array(Type.Object({ proxy: Name, sequence: Type.Integer() })),
  },
  { $id: 'AgentUpdate' },
);
export type AgentUpdate = Static<typeof AgentUpdate>;

/** One signed order to run one release. The signature is over the canonical JSON (RFC 8785) of everything else in it. */
export const AgentOrder = Type.Object(
  {
    project: Name,
    proxy: Name,
    sequence: Type.Integer({ minimum: 1, description: 'Rises with each order; a lower one is never taken' }),
    version: Version,
    sha256: Sha256,
    size: Type.Integer({ minimum: 1, description: 'Bytes' }),
    notBefore: Timestamp,
    expiresAt: Timestamp,
    keyId: Type.String({ pattern: '^[0-9a-f]{16}$' }),
    signature: Type.String({ description: 'Ed25519, as base64' }),
  },
  { $id: 'AgentOrder' },
);
export type AgentOrder = Static<typeof AgentOrder>;

/** Why an agent does not take an order, or the release that it names. */
export const agentOrderRefusals = [
  ...([
    'malformed',
    'unknown-key',
    'bad-signature',
    'wrong-project',
    'wrong-proxy',
    'older-sequence',
  ] as const),
  ...(['not-yet-valid', 'expired', 'too-large', 'size-mismatch', 'hash-mismatch'] as const),
] as const;
export type AgentOrderRefusal = (typeof agentOrderRefusals)[number];
