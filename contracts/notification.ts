import { Type, type Static } from 'typebox';
import { Name, Page, Timestamp, Ulid } from './common.ts';

export const ChannelKind = Type.Union([
  Type.Literal('webhook'),
  Type.Literal('slack'),
  Type.Literal('email'),
]);
export type ChannelKind = Static<typeof ChannelKind>;

/** What a channel can listen to; `outcome` is every outcome. */
export const NotificationEvent = Type.Union([
  Type.Literal('gate.opened'),
  Type.Literal('gate.overdue'),
  Type.Literal('gate.escalated'),
  Type.Literal('glass.broken'),
  Type.Literal('hold.began'),
  Type.Literal('stuck'),
  Type.Literal('outcome'),
  Type.Literal('outcome.promoted'),
  Type.Literal('outcome.completed'),
  Type.Literal('outcome.rolled-back'),
  Type.Literal('outcome.aborted'),
  Type.Literal('outcome.rejected'),
  Type.Literal('outcome.superseded'),
  Type.Literal('outcome.stopped'),
  Type.Literal('outcome.cancelled'),
  Type.Literal('outcome.failed'),
]);
export type NotificationEvent = Static<typeof NotificationEvent>;

/** Where a secret is found by the worker that needs it: a variable of its environment, or a file on its machine. */
export const SecretReference = Type.String({
  pattern: '^(env:[A-Za-z_][A-Za-z0-9_]*|file:/[^\\u0000]+)$',
  maxLength: 500,
  description: 'env:NAME or file:/PATH, read where the worker runs; never the secret itself',
});

const target = Type.String({
  minLength: 1,
  maxLength: 2000,
  description:
    'webhook: an https URL, or http on loopback; slack: a channel (#name or its id); email: addresses, separated by commas',
});
const events = Type.Array(NotificationEvent, { minItems: 1, maxItems: 20, uniqueItems: true });

/** PUT /v1/projects/:project/notification-channels/:channel */
export const NotificationChannelInput = Type.Object(
  {
    kind: ChannelKind,
    target,
    secret: Type.Optional(SecretReference),
    sender: Type.Optional(
      Type.String({ minLength: 3, maxLength: 254, description: 'email only: the address it comes from' }),
    ),
    events,
    service: Type.Optional(Name),
    enabled: Type.Optional(Type.Boolean()),
  },
  { $id: 'NotificationChannelInput', additionalProperties: false },
);
export type NotificationChannelInput = Static<typeof NotificationChannelInput>;

export const NotificationChannel = Type.Object(
  {
    name: Name,
    kind: ChannelKind,
    target,
    secret: Type.Union([Type.Null(), Type.String()], { description: 'Where the secret is, not the secret' }),
    sender: Type.Union([Type.Null(), Type.String()]),
    events,
    service: Type.Union([Type.Null(), Name], { description: 'null: every service of the project' }),
    enabled: Type.Boolean(),
    createdAt: Timestamp,
  },
  { $id: 'NotificationChannel' },
);
export type NotificationChannel = Static<typeof NotificationChannel>;

export const NotificationChannelPage = Page(NotificationChannel, 'NotificationChannelPage');

/** `pending` until it is delivered or given up; `stale`: the gate was answered before it could be sent. */
export const DeliveryState = Type.Union([
  Type.Literal('pending'),
  Type.Literal('delivered'),
  Type.Literal('refused'),
  Type.Literal('gave-up'),
  Type.Literal('stale'),
  Type.Literal('dropped'),
  Type.Literal('cancelled'),
]);
export type DeliveryState = Static<typeof DeliveryState>;

/** One try to hand a delivery over. `result` null: it began and nobody knows how it ended, the worker died. */
export const NotificationAttempt = Type.Object({
  attempt: Type.Integer({ minimum: 1 }),
  at: Timestamp,
  result: Type.Union([
    Type.Null(),
    Type.Literal('accepted'),
    Type.Literal('refused'),
    Type.Literal('failed'),
  ]),
  status: Type.Union([Type.Null(), Type.Integer()], { description: 'HTTP or SMTP status of the answer' }),
  error: Type.Union([Type.Null(), Type.String()]),
  durationMs: Type.Union([Type.Null(), Type.Integer()]),
});
export type NotificationAttempt = Static<typeof NotificationAttempt>;

/** One message for one channel; its id is the webhook-id and the same at every attempt. */
export const NotificationDelivery = Type.Object(
  {
    id: Ulid,
    channel: Name,
    event: Type.String({ description: 'What it tells about, such as gate.opened; test for a test' }),
    operationId: Type.Union([Type.Null(), Ulid]),
    replayOf: Type.Union([Type.Null(), Ulid], { description: 'The delivery that this one repeats' }),
    state: DeliveryState,
    reason: Type.Union([Type.Null(), Type.String()], { description: 'Why it ended like this' }),
    summary: Type.String(),
    createdAt: Timestamp,
    settledAt: Type.Union([Type.Null(), Timestamp]),
    attempts: Type.Array(NotificationAttempt, { description: 'The ledger, oldest first' }),
  },
  { $id: 'NotificationDelivery' },
);
export type NotificationDelivery = Static<typeof NotificationDelivery>;

export const NotificationDeliveryPage = Page(NotificationDelivery, 'NotificationDeliveryPage');

/** What a delivery tells about, frozen when it happened. */
export interface NoticeFacts {
  /** A NotificationEvent, or `test`. */
  readonly event: string;
  readonly project: string;
  readonly at: string;
  readonly summary: string;
  readonly operation: {
    readonly id: string;
    readonly kind: string;
    readonly target: string;
    readonly version: string | null;
  } | null;
  readonly outcome: string | null;
  readonly gate: { readonly subject: string; readonly deadline: string; readonly onTimeout: string } | null;
}

/** A delivery put into words; every kind of channel shows the same. `data` is the body of a webhook. */
export interface Notice {
  /** The delivery's id: who gets it twice knows it by this. */
  readonly id: string;
  readonly type: string;
  readonly at: string;
  /** One line. May hold what people typed. */
  readonly title: string;
  readonly lines: readonly string[];
  /** The command that continues, with nothing in it that people typed. */
  readonly command: string | null;
  /** Shows the operation to who is logged in; does nothing by itself. */
  readonly link: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Input of the workflow `notification`. */
export interface NotificationInput {
  readonly deliveryId: string;
  readonly project: string;
  /** Milliseconds to wait after each failed attempt; one attempt more than there are waits. */
  readonly waitsMs: readonly number[];
}
