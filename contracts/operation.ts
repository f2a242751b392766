import { Type, type Static } from 'typebox';
import { Name, Page, Timestamp, Ulid } from './common.ts';

export const OperationStatus = Type.Union([
  Type.Literal('starting'),
  Type.Literal('running'),
  Type.Literal('closed'),
]);
export type OperationStatus = Static<typeof OperationStatus>;

/** One run of any capability. */
export const Operation = Type.Object(
  {
    id: Ulid,
    project: Name,
    kind: Type.String(),
    target: Type.String(),
    status: OperationStatus,
    phase: Type.String(),
    outcome: Type.Union([Type.Null(), Type.String()]),
    summary: Type.String({ description: 'One line: what it is doing or how it ended' }),
    stuck: Type.Union([Type.Null(), Type.String()], { description: 'The step that keeps failing and why' }),
    startedBy: Type.String(),
    approvalAttempts: Type.Optional(
      Type.Integer({
        description: 'Messages, results and resets around the API that would have approved something',
      }),
    ),
    glassBrokenBy: Type.Optional(
      Type.Union([Type.Null(), Type.String()], { description: 'Who passed a gate without its approvals' }),
    ),
    workflowId: Type.String(),
    createdAt: Timestamp,
    finishedAt: Type.Union([Type.Null(), Timestamp]),
  },
  { $id: 'Operation' },
);
export type Operation = Static<typeof Operation>;

export const OperationPage = Page(Operation, 'OperationPage');

/** One line of a timeline; `seq` is dense and starts at 1. */
export const OperationEvent = Type.Object(
  {
    operationId: Ulid,
    seq: Type.Integer({ minimum: 1 }),
    at: Timestamp,
    type: Type.String({ description: 'Stable name, such as step.verified or verdict.fail' }),
    summary: Type.String(),
    detail: Type.Record(Type.String(), Type.Unknown()),
  },
  { $id: 'OperationEvent' },
);
export type OperationEvent = Static<typeof OperationEvent>;

export const OperationEventPage = Page(OperationEvent, 'OperationEventPage');
