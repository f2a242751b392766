import { Type, type Static } from 'typebox';
import { Name, Timestamp, Ulid } from './common.ts';

const Digest = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'sha256 as hex' });

/** What is signed: the digest of every part, each taken over its canonical JSON (RFC 8785). */
export const RunManifest = Type.Object({
  format: Type.Literal('holdfast-run-record/1'),
  operationId: Ulid,
  project: Name,
  exportedAt: Timestamp,
  payloads: Type.Union([Type.Literal('as-stored'), Type.Literal('clear')]),
  parts: Type.Record(Type.String(), Digest),
});
export type RunManifest = Static<typeof RunManifest>;

/** The history of one Temporal run. `text` is the JSON that Temporal's own tools read and replay. */
export const RunHistory = Type.Object({
  runId: Type.String(),
  state: Type.Union([Type.Literal('kept'), Type.Literal('forgotten'), Type.Literal('too-large')]),
  events: Type.Integer(),
  archivedDigest: Type.Union([Type.Null(), Digest], {
    description: 'sha256 of the text as it was archived, with payloads as they were stored',
  }),
  text: Type.Union([Type.Null(), Type.String()]),
});
export type RunHistory = Static<typeof RunHistory>;

/** The whole record of a closed operation, signed: `holdfast runs verify` checks it without a server. */
export const RunRecord = Type.Object(
  {
    manifest: RunManifest,
    signature: Type.Object({
      algorithm: Type.Literal('Ed25519'),
      keyId: Type.String({ description: 'First 16 hex digits of the sha256 of the public key (SPKI, DER)' }),
      value: Type.String({ description: 'base64, over the canonical JSON of the manifest' }),
    }),
    parts: Type.Record(Type.String(), Type.Unknown(), {
      description: 'operation, timeline, details, commands, decisions, histories, audit, auditProof',
    }),
  },
  { $id: 'RunRecord' },
);
export type RunRecord = Static<typeof RunRecord>;
