import { Type, type Static } from 'typebox';
import { Name, Page, Reason, Timestamp, Ulid } from './common.ts';

/** Input of the workflow that keeps the clusters of one project. */
export interface FeedbackClusteringInput {
  readonly operationId: string;
  readonly project: string;
}

const Nullable = <T extends ReturnType<typeof Type.String>>(type: T) => Type.Union([Type.Null(), type]);

export const ClusterState = Type.Union(
  ['new', 'triaged', 'fixing', 'fixed', 'ignored'].map((state) => Type.Literal(state)),
) as unknown as ReturnType<typeof Type.Unsafe<'new' | 'triaged' | 'fixing' | 'fixed' | 'ignored'>>;
export type ClusterState = Static<typeof ClusterState>;

export const Cluster = Type.Object(
  {
    id: Ulid,
    project: Name,
    title: Type.String(),
    titledBy: Nullable(Type.String({ description: 'Who named it; null: a model or its texts' })),
    describedBy: Nullable(
      Type.String({ description: 'The model that wrote title and summary; null: its texts' }),
    ),
    summary: Type.String(),
    state: ClusterState,
    size: Type.Integer({ minimum: 0, description: 'Items; a cluster of one is listed only when asked for' }),
    sources: Type.Array(Type.String()),
    representatives: Type.Array(Ulid, {
      description: 'Items that show what it is about, the most typical first',
    }),
    lock: Type.Union([Type.Null(), Type.Literal('open'), Type.Literal('closed')], {
      description: '`open` takes new items in, `closed` stays exactly as it is',
    }),
    severity: Type.Record(Type.String(), Type.Unknown(), { description: 'Level and its reasons' }),
    owner: Type.Union([Type.Null(), Type.Record(Type.String(), Type.Unknown())]),
    fixedRelease: Nullable(Type.String()),
    fixedAt: Nullable(Timestamp),
    regressedAt: Nullable(Timestamp),
    redirectTo: Nullable(
      Type.String({ description: 'The cluster that its items went to; null while it stands' }),
    ),
    firstSeen: Timestamp,
    lastSeen: Timestamp,
    createdAt: Timestamp,
    updatedAt: Timestamp,
  },
  { $id: 'Cluster' },
);
export type Cluster = Static<typeof Cluster>;
export const ClusterPage = Page(Cluster, 'ClusterPage');

export const ClusterMember = Type.Object(
  {
    itemId: Ulid,
    title: Type.String(),
    source: Type.String(),
    occurrences: Type.Integer(),
    lastSeen: Timestamp,
    why: Type.Record(Type.String(), Type.Unknown(), {
      description: 'Why it is there: rule, similarity, whether it was compared with all others yet',
    }),
  },
  { $id: 'ClusterMember' },
);
export type ClusterMember = Static<typeof ClusterMember>;

export const ClusterDetail = Type.Object(
  {
    cluster: Type.Unsafe<Cluster>({ $ref: 'Cluster#' }),
    members: Type.Array(Type.Unsafe<ClusterMember>({ $ref: 'ClusterMember#' }), {
      description: 'The newest ones, 100 at most',
    }),
    trend: Type.Record(Type.String(), Type.Unknown()),
  },
  { $id: 'ClusterDetail' },
);
export type ClusterDetail = Static<typeof ClusterDetail>;

const Items = Type.Array(Ulid, { minItems: 1, maxItems: 1000, description: 'Ids of feedback items' });

export const ClusterCommandKind = Type.Union(
  ['merge', 'split', 'move', 'lock', 'unlock', 'must-link', 'cannot-link', 'rename', 'set-state', 'undo'].map(
    (kind) => Type.Literal(kind),
  ),
) as unknown as ReturnType<typeof Type.Unsafe<ClusterCommandFields['kind']>>;

/** What a person does to clusters. Each is recorded first, then done by the project's workflow, and can be undone for a day. */
export const ClusterCommandInput = Type.Object(
  {
    kind: ClusterCommandKind,
    cluster: Type.Optional(Ulid),
    into: Type.Optional(Ulid),
    to: Type.Optional(Ulid),
    items: Type.Optional(Items),
    from: Type.Optional(Items),
    mode: Type.Optional(Type.Union([Type.Literal('open'), Type.Literal('closed')])),
    title: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    state: Type.Optional(ClusterState),
    release: Type.Optional(
      Type.String({ minLength: 1, maxLength: 100, description: 'With `fixed`: the release that fixes it' }),
    ),
    edit: Type.Optional(Ulid),
    reason: Type.Optional(Reason),
  },
  {
    $id: 'ClusterCommandInput',
    additionalProperties: false,
    description:
      'merge: cluster, into. split: cluster, items. move: items, to. lock: cluster, mode. unlock: cluster. must-link: items. cannot-link: items, from. rename: cluster, title. set-state: cluster, state, release. undo: edit.',
  },
);
export type ClusterCommandInput = Static<typeof ClusterCommandInput>;

type Asked<K extends string, F> = { readonly kind: K; readonly reason?: string } & Readonly<F>;

/** The same with what each kind needs. */
export type ClusterCommandFields =
  | Asked<'merge', { cluster: string; into: string }>
  | Asked<'split', { cluster: string; items: string[] }>
  | Asked<'move', { items: string[]; to: string }>
  | Asked<'lock', { cluster: string; mode: 'open' | 'closed' }>
  | Asked<'unlock', { cluster: string }>
  | Asked<'must-link', { items: string[] }>
  | Asked<'cannot-link', { items: string[]; from: string[] }>
  | Asked<'rename', { cluster: string; title: string }>
  | Asked<'set-state', { cluster: string; state: ClusterState; release?: string }>
  | Asked<'undo', { edit: string }>;

export const ClusterCommand = Type.Object(
  {
    id: Ulid,
    kind: Type.String(),
    state: Type.Union([Type.Literal('pending'), Type.Literal('accepted'), Type.Literal('refused')]),
    answer: Nullable(Type.String()),
    requestedBy: Type.String(),
    createdAt: Timestamp,
  },
  { $id: 'ClusterCommand' },
);
export type ClusterCommand = Static<typeof ClusterCommand>;

export const ClusterEdit = Type.Object(
  {
    id: Ulid,
    kind: Type.String(),
    body: Type.Record(Type.String(), Type.Unknown()),
    editedBy: Type.String(),
    at: Timestamp,
    undoneBy: Nullable(Type.String()),
    undoneAt: Nullable(Timestamp),
  },
  { $id: 'ClusterEdit' },
);
export type ClusterEdit = Static<typeof ClusterEdit>;
export const ClusterEditPage = Page(ClusterEdit, 'ClusterEditPage');

const Count = Type.Integer({ minimum: 0 });
export const ClusterJobStats = Type.Object(
  { clustered: Count, new_clusters: Count, updated_clusters: Count, embedding_failures: Count },
  { $id: 'ClusterJobStats' },
);
export type ClusterJobStats = Static<typeof ClusterJobStats>;

export const ClusterJob = Type.Object(
  {
    id: Ulid,
    kind: Type.Union([Type.Literal('arrivals'), Type.Literal('everything')]),
    state: Type.Union(
      ['pending', 'running', 'succeeded', 'failed'].map((state) => Type.Literal(state)),
    ) as unknown as ReturnType<typeof Type.Unsafe<'pending' | 'running' | 'succeeded' | 'failed'>>,
    requestedBy: Type.String(),
    createdAt: Timestamp,
    startedAt: Nullable(Timestamp),
    finishedAt: Nullable(Timestamp),
    stats: Type.Unsafe<ClusterJobStats>({ $ref: 'ClusterJobStats#' }),
    error: Nullable(Type.String()),
  },
  { $id: 'ClusterJob' },
);
export type ClusterJob = Static<typeof ClusterJob>;
export const ClusterJobPage = Page(ClusterJob, 'ClusterJobPage');

export const ClusteringStatus = Type.Object(
  {
    pending: Type.Integer({ description: 'Items that wait to be clustered' }),
    provisional: Type.Integer({
      description: 'Items that were assigned and not compared with all others yet',
    }),
    quarantined: Type.Integer({ description: 'Items that failed again and again: holdfast feedback retry' }),
    isClustering: Type.Boolean({ description: 'A job runs' }),
    items: Count,
    clusters: Type.Integer({ description: 'Clusters of two items and more' }),
    method: Type.String(),
    threshold: Type.Union([Type.Null(), Type.Number()]),
    model: Nullable(Type.String()),
    lastJob: Type.Union([Type.Null(), Type.Unsafe<ClusterJob>({ $ref: 'ClusterJob#' })]),
  },
  { $id: 'ClusteringStatus' },
);
export type ClusteringStatus = Static<typeof ClusteringStatus>;

export const MembershipWhy = Type.Object(
  {
    itemId: Ulid,
    clusterId: Ulid,
    why: Type.Record(Type.String(), Type.Unknown(), {
      description:
        'Rule, similarity, nearest item, the cluster that was next and how far behind, shared terms',
    }),
  },
  { $id: 'MembershipWhy' },
);
export type MembershipWhy = Static<typeof MembershipWhy>;

const settings = {
  method: Type.Union(
    ['agglomerative', 'centroid', 'vector_like', 'fingerprint'].map((method) => Type.Literal(method)),
  ) as unknown as ReturnType<
    typeof Type.Unsafe<'agglomerative' | 'centroid' | 'vector_like' | 'fingerprint'>
  >,
  threshold: Type.Union([Type.Null(), Type.Number({ exclusiveMinimum: 0, maximum: 1 })], {
    description:
      'Similarity from which on two clusters are one; null: calibrated on the texts of the project',
  }),
  minSize: Type.Integer({ minimum: 1, maximum: 1000 }),
  truncateBodyChars: Type.Integer({ minimum: 0, maximum: 20_000 }),
  codeowners: Type.Optional(
    Type.String({
      maxLength: 100_000,
      description: 'Text of a CODEOWNERS file: errors are owned by the paths in their stacks',
    }),
  ),
};
export const ClusteringSettings = Type.Object(settings, { $id: 'ClusteringSettings' });
export type ClusteringSettings = Static<typeof ClusteringSettings>;
export const ClusteringSettingsInput = Type.Partial(Type.Object(settings), {
  $id: 'ClusteringSettingsInput',
});
export type ClusteringSettingsInput = Static<typeof ClusteringSettingsInput>;
