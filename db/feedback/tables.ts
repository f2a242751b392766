import type { ColumnType, Generated } from 'kysely';

/** The tables of what comes in, a part of db/schema.ts. */
export interface FeedbackTables {
  feedback_source: FeedbackSourceTable;
  feedback_delivery: FeedbackDeliveryTable;
  feedback_item: FeedbackItemTable;
  feedback_occurrence: FeedbackOccurrenceTable;
  /** Items whose clusters have not noticed that they were told again. */
  feedback_told: { project: string; item_id: string };
  feedback_upload: FeedbackUploadTable;
}

/** A json column: parsed on the way out, given as text on the way in. */
type Json<T> = ColumnType<T, string | undefined, string>;

interface FeedbackSourceTable {
  project: string;
  name: string;
  kind: string;
  enabled: boolean;
  /** A reference such as `env:NAME`, never the secret. */
  secret: string | null;
  settings: Json<Record<string, unknown>>;
  filter: Json<Record<string, unknown>>;
  daily_quota: number | null;
  /** How far a poller has read. */
  cursor: ColumnType<Record<string, unknown> | null, string | null | undefined, string | null>;
  last_error: string | null;
  last_read_at: Date | null;
  created_at: Generated<Date>;
}

interface FeedbackDeliveryTable {
  project: string;
  source: string;
  delivery_id: string;
  received_at: Generated<Date>;
  outcome: 'new' | 'repeat' | 'update' | 'older' | 'filtered' | 'ignored' | 'over-quota';
  reports: Generated<number>;
  /** Occurrences that it added. */
  counted: Generated<number>;
  item_id: string | null;
}

interface FeedbackItemTable {
  id: string;
  project: string;
  source: string;
  external_id: string;
  kind: 'feedback' | 'error';
  nature: Generated<'state' | 'event'>;
  title: string;
  body: string;
  url: string | null;
  status: 'open' | 'closed';
  labels: Json<string[]>;
  metadata: Json<Record<string, unknown>>;
  service: string | null;
  release: string | null;
  /** The exception as it was reported, for its fingerprint. */
  stack: ColumnType<Record<string, unknown> | null, string | null | undefined, string | null>;
  fingerprint: string | null;
  /** sha256 of what is compared. */
  content_hash: string;
  source_created_at: Date;
  source_updated_at: Date;
  /** Which of two versions of the same moment wins. */
  tie_break: Generated<string>;
  last_outcome: Generated<string>;
  received_at: Generated<Date>;
  /** Grows with every change of what is compared. */
  revision: Generated<number>;
  occurrences: Generated<number>;
  first_seen: Date;
  last_seen: Date;
  clustering: Generated<'pending' | 'clustered' | 'quarantined'>;
  tries: Generated<number>;
  fault: string | null;
  /** Not before then, after a try that failed. */
  retry_at: Date | null;
  /** Its cluster has not noticed yet what came in. */
  cluster_id: string | null;
  membership: ColumnType<Record<string, unknown> | null, string | null | undefined, string | null>;
}

interface FeedbackOccurrenceTable {
  project: string;
  item_id: string;
  hour: Date;
  release: Generated<string>;
  count: number;
}

interface FeedbackUploadTable {
  id: string;
  project: string;
  format: 'csv' | 'jsonl';
  state: Generated<'reading' | 'done' | 'broken-off'>;
  rows_read: Generated<number>;
  accepted: Generated<number>;
  refused: Generated<number>;
  faults: Json<{ line: number; detail: string }[]>;
  uploaded_by: string;
  started_at: Generated<Date>;
  finished_at: Date | null;
}
