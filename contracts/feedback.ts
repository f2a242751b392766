import { Type, type Static } from 'typebox';
import { Name, Page, Timestamp, Ulid } from './common.ts';
import { Subreddit } from './feedback-source.ts';

const Kind = Type.Union([Type.Literal('feedback'), Type.Literal('error')], {
  description: 'feedback: what people write; error: what programs report',
});
const Status = Type.Union([Type.Literal('open'), Type.Literal('closed')]);
const title = Type.String({ minLength: 1, maxLength: 1000 });
const body = Type.String({ maxLength: 200_000 });
const labels = Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: 50, uniqueItems: true });
const OrNull = (text: string) => Type.Union([Type.Null(), Type.String()], { description: text });

/** POST /v1/projects/:project/feedback */
export const FeedbackInput = Type.Object(
  {
    title,
    body: Type.Optional(body),
    kind: Type.Optional(Kind),
    externalId: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 500,
        description: 'Your name of it; told again it is updated. Left out: the same text counts as the same',
      }),
    ),
    status: Type.Optional(Status),
    url: Type.Optional(Type.String({ maxLength: 2000, pattern: '^https?://' })),
    labels: Type.Optional(labels),
    service: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    release: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    exception: Type.Optional(
      Type.Object(
        {
          type: Type.String({ minLength: 1, maxLength: 500 }),
          message: Type.String({ maxLength: 20_000 }),
          stack: Type.Optional(Type.String({ maxLength: 100_000 })),
        },
        { additionalProperties: false },
      ),
    ),
    at: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'When it happened, or was last changed; left out: now',
      }),
    ),
    metadata: Type.Optional(
      Type.Record(
        Type.String({ maxLength: 200 }),
        Type.Union([Type.String({ maxLength: 2000 }), Type.Number(), Type.Boolean(), Type.Null()]),
        { maxProperties: 30 },
      ),
    ),
  },
  { $id: 'FeedbackInput', additionalProperties: false },
);
export type FeedbackInput = Static<typeof FeedbackInput>;

/** PUT /v1/projects/:project/feedback/:id: what people may correct. */
export const FeedbackEdit = Type.Object(
  { title, body, status: Status, labels },
  { $id: 'FeedbackEdit', additionalProperties: false },
);
export type FeedbackEdit = Static<typeof FeedbackEdit>;

export const ClusteringState = Type.Union(
  [Type.Literal('pending'), Type.Literal('clustered'), Type.Literal('quarantined')],
  { description: 'quarantined: it could not be clustered, see `fault`; retry it' },
);
export type ClusteringState = Static<typeof ClusteringState>;

export const Feedback = Type.Object(
  {
    id: Ulid,
    source: Name,
    externalId: Type.String({ description: 'What its source calls it, or a digest' }),
    kind: Kind,
    title: Type.String(),
    body: Type.String({ description: 'Without secrets and personal data: each is [KIND]' }),
    url: OrNull('Where it is at its source'),
    status: Status,
    labels: Type.Array(Type.String()),
    service: OrNull('What it is about'),
    release: OrNull('The version it was seen in'),
    occurrences: Type.Integer({ minimum: 1, description: 'How often it came in, repeats included' }),
    firstSeen: Timestamp,
    lastSeen: Timestamp,
    receivedAt: Timestamp,
    sourceUpdatedAt: Timestamp,
    clustering: ClusteringState,
    fault: OrNull('Why it is quarantined'),
    clusterId: Type.Union([Type.Null(), Ulid]),
    metadata: Type.Record(Type.String(), Type.Unknown()),
  },
  { $id: 'Feedback' },
);
export type Feedback = Static<typeof Feedback>;

export const FeedbackPage = Page(Feedback, 'FeedbackPage');

/** Answer to whoever delivers. */
export const IngestResult = Type.Object(
  {
    outcome: Type.Union([
      Type.Literal('new'),
      Type.Literal('repeat'),
      Type.Literal('update'),
      Type.Literal('older'),
      Type.Literal('filtered'),
      Type.Literal('ignored'),
      Type.Literal('over-quota'),
    ]),
    itemId: Type.Union([Type.Null(), Ulid], { description: 'The first item it is about' }),
    counted: Type.Integer({ minimum: 0, description: 'Occurrences that it added' }),
    isKnown: Type.Boolean({ description: 'The same delivery came before; nothing was changed' }),
    challenge: Type.Optional(Type.String({ description: 'Given back to Slack, which asks for it once' })),
  },
  { $id: 'IngestResult' },
);
export type IngestResult = Static<typeof IngestResult>;

/** A CSV or JSONL file on its way in. */
export const FeedbackUpload = Type.Object(
  {
    id: Ulid,
    format: Type.Union([Type.Literal('csv'), Type.Literal('jsonl')]),
    state: Type.Union([Type.Literal('reading'), Type.Literal('done'), Type.Literal('broken-off')], {
      description: 'broken-off: send the same file again with the same Idempotency-Key, nothing counts twice',
    }),
    rowsRead: Type.Integer({ minimum: 0 }),
    accepted: Type.Integer({ minimum: 0 }),
    refused: Type.Integer({ minimum: 0 }),
    faults: Type.Array(Type.Object({ line: Type.Integer({ minimum: 1 }), detail: Type.String() }), {
      description: 'The first hundred refused rows',
    }),
    startedAt: Timestamp,
    finishedAt: Type.Union([Type.Null(), Timestamp]),
  },
  { $id: 'FeedbackUpload' },
);
export type FeedbackUpload = Static<typeof FeedbackUpload>;

export const FeedbackUploadPage = Page(FeedbackUpload, 'FeedbackUploadPage');

/** GET|PUT /v1/projects/:project/config/reddit/subreddits */
export const SubredditList = Type.Object(
  { subreddits: Type.Array(Subreddit, { maxItems: 50, uniqueItems: true }) },
  { $id: 'SubredditList', additionalProperties: false },
);
export type SubredditList = Static<typeof SubredditList>;
