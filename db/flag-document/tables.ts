import type { ColumnType, Generated } from 'kysely';
import type { FlagDocument } from '../../contracts/flag-document.ts';

interface FlagRevisionTable {
  project: string;
  environment: string;
  revision: string;
  parent: string | null;
  author: string;
  document: ColumnType<FlagDocument, string, never>;
  created_at: Generated<Date>;
}

interface FlagHeadTable {
  project: string;
  environment: string;
  revision: string;
  moved_by: string;
  moved_at: ColumnType<Date, Date | undefined, Date>;
}

export interface FlagTables {
  flag_revision: FlagRevisionTable;
  flag_head: FlagHeadTable;
}
