import { Type, type Static } from 'typebox';
import { Name, ref, Timestamp, Ulid } from './common.ts';

/** A gate that waits for people: what exactly is asked, by whom, and what is missing. */
export const Approval = Type.Object(
  {
    operationId: Ulid,
    project: Name,
    kind: Type.String({ description: 'Kind of the operation, such as canary-rollout' }),
    target: Type.String(),
    summary: Type.String(),
    subject: Type.String({ description: 'Digest of exactly what is approved' }),
    requestedBy: Type.String(),
    openedAt: Timestamp,
    deadline: Type.Union([Type.Null(), Timestamp]),
    approvedBy: Type.Array(Type.String()),
    missing: Type.Integer({ description: 'How many people more have to approve' }),
    mayApprove: Type.Boolean({ description: 'Whether the caller may be one of them' }),
  },
  { $id: 'Approval' },
);
export type Approval = Static<typeof Approval>;
export const ApprovalList = Type.Object({ items: Type.Array(ref(Approval)) }, { $id: 'ApprovalList' });
export type ApprovalList = Static<typeof ApprovalList>;
