import type { ColumnType, Generated } from 'kysely';
import type {
  ChannelKind,
  DeliveryState,
  NoticeFacts,
  NotificationEvent,
} from '../../contracts/notification.ts';

/** The tables of notifications, a part of db/schema.ts. */
export interface NotificationTables {
  notification_channel: NotificationChannelTable;
  notification_delivery: NotificationDeliveryTable;
  notification_attempt: NotificationAttemptTable;
}

/** A json column: parsed on the way out, given as text on the way in. */
type Json<T> = ColumnType<T, string, string>;

interface NotificationChannelTable {
  project: string;
  name: string;
  kind: ChannelKind;
  target: string;
  /** `env:NAME` or `file:/PATH`, never the secret. */
  secret: string | null;
  sender: string | null;
  events: Json<NotificationEvent[]>;
  /** null: every service. */
  service: string | null;
  enabled: boolean;
  created_at: Generated<Date>;
}

interface NotificationDeliveryTable {
  id: string;
  project: string;
  channel: string;
  event: string;
  /** What makes the event one: an event is told once over each channel. */
  event_key: string;
  /** null: a test of the channel. */
  operation_id: string | null;
  replay_of: string | null;
  facts: Json<NoticeFacts>;
  state: ColumnType<DeliveryState, DeliveryState | undefined, DeliveryState>;
  reason: string | null;
  created_at: Generated<Date>;
  settled_at: Date | null;
  look_at: Generated<Date>;
}

interface NotificationAttemptTable {
  delivery_id: string;
  attempt: number;
  at: Generated<Date>;
  result: 'accepted' | 'refused' | 'failed' | null;
  status: number | null;
  error: string | null;
  duration_ms: number | null;
}
