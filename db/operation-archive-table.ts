import type { Generated } from 'kysely';

/** Histories of the runs of closed operations. */
export interface OperationArchiveTable {
  operation_id: string;
  run_id: string;
  project: string;
  state: 'kept' | 'forgotten' | 'too-large';
  events: number;
  /** Length of the text before it was compressed. */
  bytes: number;
  /** sha256 of the text as hex; null when it was forgotten. */
  digest: string | null;
  /** gzip; null unless it is kept. */
  content: Buffer | null;
  archived_at: Generated<Date>;
}
