import type { ColumnType, Generated } from 'kysely';

export interface AuditEntryTable {
  id: string;
  project: string;
  operation_id: string | null;
  /** Canonical JSON, exactly as it is hashed. */
  bytes: Uint8Array;
}

export interface AuditPendingTable {
  n: ColumnType<number, never, never>;
  project: string;
  entry: string;
}

export interface AuditSealTable {
  project: string;
  /** Dense, from 1. */
  seq: ColumnType<number, number, number>;
  entry: string;
  prev: Uint8Array;
  hash: Uint8Array;
  leaf: Uint8Array;
}

export interface AuditPersonalTable {
  entry: string;
  project: string;
  salt: Uint8Array;
  /** Canonical JSON of the texts. */
  data: Uint8Array;
}

export interface AuditCheckpointTable {
  project: string;
  /** Entries that it covers. */
  size: ColumnType<number, number, number>;
  /** Roots of the perfect subtrees, 32 bytes each. */
  frontier: Uint8Array;
  /** As it was signed and published. */
  note: string;
  at: Generated<Date>;
}
