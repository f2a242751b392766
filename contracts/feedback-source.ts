import { Type, type Static } from 'typebox';
import { Duration, Name, Timestamp } from './common.ts';
import { SecretReference } from './notification.ts';

export const FeedbackSourceKind = Type.Union([
  Type.Literal('github'),
  Type.Literal('gitlab'),
  Type.Literal('sentry'),
  Type.Literal('slack'),
  Type.Literal('alertmanager'),
  Type.Literal('datadog'),
  Type.Literal('posthog'),
  Type.Literal('splunk'),
  Type.Literal('reddit'),
  Type.Literal('manual'),
]);
export type FeedbackSourceKind = Static<typeof FeedbackSourceKind>;

const words = Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: 50, uniqueItems: true });

export const Subreddit = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_]{1,20}$' });
export const RepositoryName = Type.String({
  pattern: '^[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}$',
  description: 'owner/name',
});

const FeedbackLevel = Type.Union([
  Type.Literal('debug'),
  Type.Literal('info'),
  Type.Literal('warning'),
  Type.Literal('error'),
  Type.Literal('fatal'),
]);
export type FeedbackLevel = Static<typeof FeedbackLevel>;

/** What of a source is kept; every part that is given must hold. Letter case does not count. */
export const FeedbackFilter = Type.Object(
  {
    labels: Type.Optional({ ...words, description: 'Only with one of these labels' }),
    withoutLabels: Type.Optional({ ...words, description: 'Not with any of these labels' }),
    level: Type.Optional({ ...FeedbackLevel, description: 'At least as bad; what tells no level is kept' }),
    titleContains: Type.Optional({ ...words, description: 'Only with one of these in the title' }),
  },
  { additionalProperties: false },
);
export type FeedbackFilter = Static<typeof FeedbackFilter>;

/** What a poller reads, and how often. */
export const FeedbackSettings = Type.Object(
  {
    repositories: Type.Optional(
      Type.Array(RepositoryName, { maxItems: 50, uniqueItems: true, description: 'github: issues of these' }),
    ),
    projects: Type.Optional(
      Type.Array(Type.String({ pattern: '^[A-Za-z0-9._/-]{1,300}$' }), {
        ...{ maxItems: 50, uniqueItems: true, description: 'gitlab: issues of these, by path or number' },
      }),
    ),
    subreddits: Type.Optional(
      Type.Array(Subreddit, { maxItems: 50, uniqueItems: true, description: 'reddit: new posts of these' }),
    ),
    token: Type.Optional(SecretReference),
    every: Type.Optional(Duration),
  },
  { additionalProperties: false },
);
export type FeedbackSettings = Static<typeof FeedbackSettings>;

/** PUT /v1/projects/:project/sources/:name */
export const FeedbackSourceInput = Type.Object(
  {
    kind: FeedbackSourceKind,
    enabled: Type.Optional(Type.Boolean()),
    secret: Type.Optional(SecretReference),
    settings: Type.Optional(FeedbackSettings),
    filter: Type.Optional(FeedbackFilter),
    dailyQuota: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100_000_000,
        description: 'Reports a day (UTC); left out: as many as come',
      }),
    ),
  },
  { $id: 'FeedbackSourceInput', additionalProperties: false },
);
export type FeedbackSourceInput = Static<typeof FeedbackSourceInput>;

const count = Type.Integer({ minimum: 0 });

const FeedbackSourceStats = Type.Object(
  {
    new: count,
    repeats: count,
    updates: count,
    older: count,
    filtered: count,
    ignored: count,
    overQuota: count,
    items: count,
    quarantined: count,
    lastDeliveryAt: Type.Union([Type.Null(), Timestamp]),
  },
  { description: 'Deliveries within 24 hours by what they came to; items of all time' },
);
export type FeedbackSourceStats = Static<typeof FeedbackSourceStats>;

export const FeedbackSource = Type.Object(
  {
    name: Name,
    kind: FeedbackSourceKind,
    enabled: Type.Boolean(),
    secret: Type.Union([Type.Null(), Type.String()], {
      description: 'Where the secret of its webhook is, not the secret; null: deliveries need an API key',
    }),
    settings: FeedbackSettings,
    filter: FeedbackFilter,
    dailyQuota: Type.Union([Type.Null(), Type.Integer()]),
    lastReadAt: Type.Union([Type.Null(), Timestamp], { description: 'When a poller last came to the end' }),
    lastError: Type.Union([Type.Null(), Type.String()], { description: 'Why the last poll failed' }),
    createdAt: Timestamp,
    stats: FeedbackSourceStats,
  },
  { $id: 'FeedbackSource' },
);
export type FeedbackSource = Static<typeof FeedbackSource>;

export const FeedbackSourceList = Type.Object(
  {
    items: Type.Array(Type.Unsafe<FeedbackSource>({ $ref: 'FeedbackSource#' })),
    others: Type.Array(Type.Object({ name: Name, stats: FeedbackSourceStats }), {
      description: 'What came without a source of this name: by hand, in files, from one that was removed',
    }),
  },
  { $id: 'FeedbackSourceList' },
);
export type FeedbackSourceList = Static<typeof FeedbackSourceList>;

/** Input of the workflow `feedbackSync`; its project is that of its id. */
export interface FeedbackSyncInput {
  readonly source: string;
  /** Left out: what the source reads by itself. */
  readonly parts?: readonly string[];
  /** What the runs before came to. */
  readonly soFar?: FeedbackSyncResult;
}

export interface FeedbackSyncResult {
  /** Reports that were new or newer. */
  readonly changed: number;
  readonly problems: readonly string[];
}

/** POST /v1/projects/:project/ingest/github/sync/:repository */
export const FeedbackSync = Type.Object(
  {
    source: Name,
    repository: RepositoryName,
    workflowId: Type.String({
      description: 'Of the run that reads it; the source tells when it came to the end',
    }),
  },
  { $id: 'FeedbackSync' },
);
export type FeedbackSync = Static<typeof FeedbackSync>;
