import { Type, type Static } from 'typebox';
import { PrincipalId } from './access.ts';
import { Name, Reason, ref, Timestamp, Ulid } from './common.ts';

export const GroupQuorum = Type.Object(
  {
    group: Name,
    approvals: Type.Integer({
      minimum: 1,
      maximum: 10,
      description: 'How many of its members have to approve',
    }),
  },
  { additionalProperties: false },
);

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
    gateId: Ulid,
    gate: Type.String({ description: 'Which gate of the operation, such as step-0' }),
    groups: Type.Array(GroupQuorum, { description: 'So many of each group; empty: anybody who may approve' }),
    waitsFor: Type.Array(Name, { description: 'Groups that are missing, those that stand in among them' }),
    excluded: Type.Array(Type.Object({ principal: Type.String(), because: Type.String() }), {
      description: 'Whose approval does not count: requester, editor, pusher',
    }),
    level: Type.Integer({ description: 'How often it was escalated' }),
    escalation: Type.Array(Type.Object({ at: Timestamp, groups: Type.Array(Name) }), {
      description: 'Who may stand in from when on',
    }),
    onExpiry: Type.Union([Type.Literal('abort'), Type.Literal('hold')]),
  },
  { $id: 'Approval' },
);
export type Approval = Static<typeof Approval>;
export const ApprovalList = Type.Object({ items: Type.Array(ref(Approval)) }, { $id: 'ApprovalList' });
export type ApprovalList = Static<typeof ApprovalList>;

/** POST /v1/projects/:project/approvals/:id/decisions: a person's answer at a gate of any kind of operation. */
export const ApprovalDecisionInput = Type.Object(
  {
    decision: Type.Union([Type.Literal('approve'), Type.Literal('reject')]),
    subject: Type.String({
      maxLength: 200,
      description: 'Digest shown by the gate: what exactly is approved',
    }),
    reason: Type.Optional(Reason),
  },
  { $id: 'ApprovalDecisionInput', additionalProperties: false },
);
export type ApprovalDecisionInput = Static<typeof ApprovalDecisionInput>;

/** POST /v1/projects/:project/approvals/:id/break-glass: passes a gate without its approvals. */
export const BreakGlassInput = Type.Object(
  {
    subject: Type.String({
      maxLength: 200,
      description: 'Digest shown by the gate: what exactly is let through',
    }),
    reason: Reason,
  },
  { $id: 'BreakGlassInput', additionalProperties: false },
);

export const ApprovalDecision = Type.Object(
  {
    id: Ulid,
    gateId: Ulid,
    operationId: Ulid,
    subject: Type.String(),
    decision: Type.Union([Type.Literal('approve'), Type.Literal('reject'), Type.Literal('break-glass')]),
    by: Type.String(),
    reason: Type.Union([Type.Null(), Type.String()]),
    at: Timestamp,
    consumedAt: Type.Union([Type.Null(), Timestamp]),
  },
  { $id: 'ApprovalDecision' },
);
export type ApprovalDecision = Static<typeof ApprovalDecision>;

/** PUT /v1/projects/:project/groups/:group replaces a group of approvers. */
export const ApproverGroupInput = Type.Object(
  {
    members: Type.Array(PrincipalId, { maxItems: 500, uniqueItems: true }),
    claim: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'A group of the identity provider: whose token names it belongs to this one as well',
      }),
    ),
  },
  { $id: 'ApproverGroupInput', additionalProperties: false },
);
export const ApproverGroup = Type.Object(
  { name: Name, members: Type.Array(PrincipalId), claim: Type.Union([Type.Null(), Type.String()]) },
  { $id: 'ApproverGroup' },
);
export type ApproverGroup = Static<typeof ApproverGroup>;
export const ApproverGroupList = Type.Object(
  { items: Type.Array(ref(ApproverGroup)) },
  { $id: 'ApproverGroupList' },
);
export type ApproverGroupList = Static<typeof ApproverGroupList>;
