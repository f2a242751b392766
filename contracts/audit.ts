import { Type, type Static } from 'typebox';
import { Page, Reason, Timestamp } from './common.ts';

export const AuditEntryId = Type.String({ pattern: '^[0-9a-f-]{36}$', description: 'Id of an audit entry' });

const Base64 = Type.String({ description: 'Base64' });
const Size = Type.Integer({ minimum: 1, description: 'Entries that a checkpoint covers' });

/** One entry, read. What counts for a proof are its bytes, which the export has. */
export const AuditEntryView = Type.Object(
  {
    id: AuditEntryId,
    seq: Type.Union([Type.Null(), Type.Integer()], {
      description: 'Its place in the chain; null until sealed',
    }),
    at: Timestamp,
    principal: Type.String(),
    action: Type.String({ description: 'Stable name, such as canary-rollout.start' }),
    subject: Type.String(),
    operation: Type.Union([Type.Null(), Type.String()]),
    by: Type.Optional(
      Type.Object(
        {
          workflow: Type.String(),
          run: Type.String(),
          activity: Type.String(),
          attempt: Type.Integer(),
        },
        { description: 'The attempt of an activity that made it; absent where it was not a workflow' },
      ),
    ),
    detail: Type.Record(Type.String(), Type.Unknown()),
    texts: Type.Union([Type.Null(), Type.Record(Type.String(), Type.String())], {
      description: 'Free text, kept apart from the chain; null when there was none or it was erased',
    }),
  },
  { $id: 'AuditEntry' },
);
export type AuditEntryView = Static<typeof AuditEntryView>;

export const AuditEntryPage = Page(AuditEntryView, 'AuditEntryPage');
export type AuditEntryPage = Static<typeof AuditEntryPage>;

/** A signed checkpoint: C2SP note with origin, size and RFC 6962 root. */
export const AuditCheckpoint = Type.Object(
  { size: Size, note: Type.String({ description: 'The signed note, as published' }), at: Timestamp },
  { $id: 'AuditCheckpoint' },
);
export type AuditCheckpoint = Static<typeof AuditCheckpoint>;

export const AuditCheckpointPage = Page(AuditCheckpoint, 'AuditCheckpointPage');
export type AuditCheckpointPage = Static<typeof AuditCheckpointPage>;

export const AuditKey = Type.Object(
  { key: Type.String({ description: 'Public Ed25519 key as name+id+base64 (c2sp.org/signed-note)' }) },
  { $id: 'AuditKey' },
);
export type AuditKey = Static<typeof AuditKey>;

/** Proves that an entry is under a signed root. */
export const AuditInclusion = Type.Object(
  {
    project: Type.String(),
    seq: Type.Integer({ minimum: 1 }),
    bytes: Type.String({ description: 'The entry as it is hashed, base64' }),
    path: Type.Array(Base64),
    checkpoint: Type.String(),
  },
  { $id: 'AuditInclusion' },
);
export type AuditInclusion = Static<typeof AuditInclusion>;

/** Proves that the log of a newer checkpoint begins with that of an older one. */
export const AuditConsistency = Type.Object(
  {
    project: Type.String(),
    path: Type.Array(Base64),
    older: Type.String({ description: 'The older checkpoint' }),
    newer: Type.String({ description: 'The newer checkpoint' }),
  },
  { $id: 'AuditConsistency' },
);
export type AuditConsistency = Static<typeof AuditConsistency>;

/** What the history of an operation tells and its audit does not, and the reverse. */
export const AuditReconciliation = Type.Object(
  {
    operation: Type.String(),
    runs: Type.Array(Type.String(), { description: 'Runs whose history was read' }),
    entries: Type.Integer({ description: 'Entries that were held against them' }),
    differences: Type.Array(
      Type.Object({
        side: Type.Union([Type.Literal('history-without-audit'), Type.Literal('audit-without-history')]),
        run: Type.String(),
        what: Type.String({ description: 'Activity of the history, or action of the entry' }),
        entry: Type.Union([Type.Null(), Type.String()]),
      }),
    ),
  },
  { $id: 'AuditReconciliation' },
);
export type AuditReconciliation = Static<typeof AuditReconciliation>;

/** POST …/audit/erasures: erases the free text of one entry, of an operation, or of what a person did; exactly one is named. */
export const AuditErasureInput = Type.Object(
  {
    entry: Type.Optional(AuditEntryId),
    operation: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    principal: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    reason: Reason,
  },
  { $id: 'AuditErasureInput', additionalProperties: false },
);
export type AuditErasureInput = Static<typeof AuditErasureInput>;

export const AuditErasure = Type.Object(
  { erased: Type.Integer({ description: 'Entries whose text is gone' }) },
  { $id: 'AuditErasure' },
);
export type AuditErasure = Static<typeof AuditErasure>;
