import type { ColumnType, Generated } from 'kysely';
import type { DistinctCount } from '../../domain/log-window/distinct-count.ts';
import type { Exemplar } from '../../domain/log-window/exemplars.ts';
import type { StatusClass } from '../../domain/log-window/pre-aggregate.ts';
import type { QuantileSketch } from '../../domain/log-window/quantile-sketch.ts';

/** The tables of log windows, a part of db/schema.ts. */
export interface LogWindowTables {
  log_template: LogTemplateTable;
  log_window: LogWindowTable;
  log_window_batch: LogWindowBatchTable;
}

/** A json column: parsed on the way out, given as text on the way in. */
type Json<T> = ColumnType<T, string, string>;

interface LogTemplateTable {
  project: string;
  id: string;
  text: string;
  /** What it became; itself while it stands. */
  root_id: string;
  observed: boolean;
  created_at: Generated<Date>;
}

interface LogWindowTable {
  project: string;
  size_seconds: number;
  starts_at: Date;
  key: string;
  service: string;
  route: string;
  template_id: string;
  status_class: StatusClass;
  release: string;
  count: number;
  errors: number;
  latency: Json<QuantileSketch>;
  users: Json<DistinctCount>;
  first_seen: Date;
  last_seen: Date;
  exemplars: Json<readonly Exemplar[]>;
}

interface LogWindowBatchTable {
  project: string;
  batch_id: string;
  fingerprint: string;
  lines: number;
  windows: number;
  received_at: Generated<Date>;
}
