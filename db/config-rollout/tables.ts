import type { ColumnType, Generated } from 'kysely';
import type { ConfigOutcome, ConfigReport, DriftPolicy, ProxyWindow } from '../../contracts/config-bundle.ts';
import type { ConfigPlan } from '../../contracts/config-plan.ts';
import type { EnvironmentSettings } from '../../contracts/config-revision.ts';
import type { ConfigRolloutState } from '../../contracts/config-rollout.ts';

type Json<T> = ColumnType<T, string, string>;
type Defaulted<T> = ColumnType<T, T | undefined, T>;

interface ConfigEnvironmentTable {
  project: string;
  name: string;
  head: string | null;
  settings: ColumnType<EnvironmentSettings, string | undefined, string>;
  sequence: Defaulted<number>;
  live_sequence: number | null;
  previous_sequence: number | null;
  created_at: Generated<Date>;
}

interface ConfigRevisionTable {
  project: string;
  environment: string;
  revision: string;
  parent: string | null;
  author: string;
  reason: string;
  schema_version: number;
  document: ColumnType<Record<string, unknown>, string, never>;
  rendered: ColumnType<string, string, never>;
  created_at: Generated<Date>;
}

interface ConfigHeadMoveTable {
  project: string;
  environment: string;
  seq: number;
  revision: string;
  parent: string | null;
  author: string;
  reason: string;
  at: Generated<Date>;
}

interface ConfigOrderTable {
  project: string;
  environment: string;
  sequence: number;
  kind: 'apply' | 'rollback';
  revision: string | null;
  hash: string;
  drift: DriftPolicy;
  operation_id: string | null;
  name: string;
  issued_at: Generated<Date>;
}

interface FleetProxyTable {
  proxy: string;
  project: string;
  environment: string;
  region: string | null;
  labels: ColumnType<Record<string, string>, string | undefined, string>;
  address: string | null;
  state: 'invited' | 'enrolled';
  token_hash: Buffer | null;
  token_expires_at: Date | null;
  invited_by: string;
  enrolled_at: Date | null;
  owner: string | null;
  sequence: number | null;
  ordered_at: Date | null;
  created_at: Generated<Date>;
}

interface ConfigReportTable {
  proxy: string;
  project: string;
  environment: string;
  reported_at: Generated<Date>;
  attempted_sequence: number | null;
  outcome: ConfigOutcome | null;
  running_sequence: number | null;
  running_hash: string | null;
  running_since: Date | null;
  report: Json<ConfigReport>;
}

interface ConfigRolloutTable {
  operation_id: string;
  project: string;
  environment: string;
  mode: 'rollout' | 'rollback';
  revision: string;
  base_sequence: number | null;
  plan: Json<ConfigPlan>;
  ignore_freeze: Defaulted<boolean>;
  state: Json<ConfigRolloutState>;
}

interface ConfigRolloutProxyTable {
  operation_id: string;
  project: string;
  wave: number;
  proxy: string;
}

interface ProxyWindowTable {
  proxy: string;
  project: string;
  starts_at: Date;
  seconds: number;
  sequence: number | null;
  requests: number;
  errors: number;
  refused: Generated<number>;
  latency: Json<Record<string, number>>;
  signatures: Json<ProxyWindow['signatures']>;
  received_at: Generated<Date>;
}

interface SeenRequestTable {
  project: string;
  environment: string;
  slot: number;
  port: number;
  method: string;
  host: string;
  path: string;
  seen_at: Generated<Date>;
}

interface FleetHearingTable {
  id: Generated<boolean>;
  since: Date;
  /** When the time before `since` ended. */
  lost_at: Date | null;
  listened_at: Date;
}

export interface ConfigRolloutTables {
  config_environment: ConfigEnvironmentTable;
  config_revision: ConfigRevisionTable;
  config_head_move: ConfigHeadMoveTable;
  config_order: ConfigOrderTable;
  fleet_proxy: FleetProxyTable;
  config_report: ConfigReportTable;
  config_rollout: ConfigRolloutTable;
  config_rollout_proxy: ConfigRolloutProxyTable;
  proxy_window: ProxyWindowTable;
  seen_request: SeenRequestTable;
  fleet_hearing: FleetHearingTable;
}
