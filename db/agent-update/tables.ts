import type { ColumnType, Generated } from 'kysely';

interface AgentReleaseTable {
  project: string;
  sha256: string;
  version: string;
  size: number;
  content: ColumnType<string, string, never>;
  created_by: string;
  created_at: Generated<Date>;
}

interface AgentOrderTable {
  proxy: string;
  project: string;
  sequence: Generated<number>;
  sha256: string;
  ordered_by: string;
  reason: string;
  ordered_at: Generated<Date>;
  expires_at: Date;
}

export interface AgentUpdateTables {
  agent_release: AgentReleaseTable;
  agent_order: AgentOrderTable;
}
