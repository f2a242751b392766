import type { ColumnType, Generated } from 'kysely';
import type { CanaryPlan } from '../contracts/canary-plan.ts';
import type { CanaryConfig, CanaryRolloutState } from '../contracts/canary-rollout.ts';
import type { OperationStatus } from '../contracts/operation.ts';
import type { DesiredServer } from '../contracts/proxy.ts';
import type { Principal, Role } from '../domain/access/roles.ts';
import type { Service, Start } from '../contracts/service.ts';
import type { AgentUpdateTables } from './agent-update/tables.ts';
import type { ApprovalTables } from './approval/tables.ts';
import type { ConfigRolloutTables } from './config-rollout/tables.ts';
import type { ClusteringTables } from './feedback-clustering/tables.ts';
import type { FlagTables } from './flag-document/tables.ts';
import type { FeedbackTables } from './feedback/tables.ts';
import type { LogWindowTables } from './log-window/tables.ts';
import type { NotificationTables } from './notification/tables.ts';
import type {
  AuditCheckpointTable,
  AuditEntryTable,
  AuditPendingTable,
  AuditPersonalTable,
  AuditSealTable,
} from './audit/tables.ts';
import type { OperationArchiveTable } from './operation-archive-table.ts';

/** The tables as Kysely sees them; test/db/schema.test.ts compares this with a migrated database. */
export interface Database
  extends
    NotificationTables,
    ApprovalTables,
    FeedbackTables,
    ClusteringTables,
    LogWindowTables,
    ConfigRolloutTables,
    FlagTables,
    AgentUpdateTables {
  project: { id: string; created_at: Generated<Date> };
  service: ServiceTable;
  release: ReleaseTable;
  operation: OperationTable;
  operation_event: OperationEventTable;
  operation_archive: OperationArchiveTable;
  canary_rollout: CanaryRolloutTable;
  command: CommandTable;
  idempotency_key: IdempotencyKeyTable;
  audit_entry: AuditEntryTable;
  audit_pending: AuditPendingTable;
  audit_seal: AuditSealTable;
  audit_personal: AuditPersonalTable;
  audit_checkpoint: AuditCheckpointTable;
  emergency_stop: EmergencyStopTable;
  traffic_target: TrafficTargetTable;
  proxy: ProxyTable;
  server_sample: ServerSampleTable;
  principal: PrincipalTable;
  membership: MembershipTable;
  api_key: ApiKeyTable;
}

/** A json column: parsed on the way out, given as text on the way in. */
type Json<T> = ColumnType<T, string, string>;
/** Postgres answers bigint as text; connect.ts parses it, so it is a number here. */
type BigInt = ColumnType<number, number, number>;

export type ServiceSpec = Pick<Service, 'start' | 'traffic' | 'health' | 'instances' | 'plan'> & {
  /** `plan` with every default filled in when the service was registered; left out where it has no plan of its own. */
  readonly frozenPlan?: CanaryPlan;
};

interface ServiceTable {
  project: string;
  name: string;
  spec: Json<ServiceSpec>;
  stable_version: string | null;
  previous_version: string | null;
  /** The previous version is kept running until then. */
  warm_until: Date | null;
  created_at: Generated<Date>;
}

export interface ReleaseInstance {
  readonly id: string;
  readonly address: string;
}

interface ReleaseTable {
  project: string;
  service: string;
  version: string;
  start: Json<Start>;
  /** Empty while nothing runs. */
  instances: ColumnType<ReleaseInstance[], string | undefined, string>;
  /** When the reconciler may remove its instances; null while it is in use. */
  retire_at: Date | null;
  /** The configuration that it was promoted with; null: it came alone. */
  config: ColumnType<CanaryConfig | null, string | null | undefined, string | null>;
  created_at: Generated<Date>;
}

interface OperationTable {
  id: string;
  project: string;
  kind: string;
  target: string;
  status: OperationStatus;
  phase: string;
  outcome: string | null;
  summary: string;
  stuck: string | null;
  started_by: string;
  workflow_id: string;
  run_id: string | null;
  created_at: Generated<Date>;
  finished_at: Date | null;
  /** When the histories of all its runs were archived. */
  archived_at: ColumnType<Date | null, never, Date | null>;
  /** Which of the project's places it holds while it is open; null: it is not counted. */
  slot: ColumnType<number | null, number | null | undefined, never>;
  /** Messages around the API that wanted to approve something. */
  approval_attempts: ColumnType<number, never, number>;
  /** Who last broke the glass of one of its gates. */
  glass_broken_by: ColumnType<string | null, never, string>;
}

interface OperationEventTable {
  operation_id: string;
  seq: number;
  at: Generated<Date>;
  type: string;
  summary: string;
  detail: Json<Record<string, unknown>>;
  /** The Temporal run that wrote it and its place in that run; null when it was not a workflow. */
  run_id: string | null;
  run_seq: number | null;
}

interface CanaryRolloutTable {
  operation_id: string;
  project: string;
  service: string;
  version: string;
  stable_version: string | null;
  mode: 'rollout' | 'rollback';
  plan: Json<CanaryPlan>;
  state: Json<CanaryRolloutState>;
  /** When the watch last looked at the counters; the outside check reads it. */
  judged_at: Date | null;
  /** The configuration that comes with the version; null: it comes alone. */
  config: ColumnType<CanaryConfig | null, string | null | undefined, string | null>;
}

interface CommandTable {
  id: string;
  operation_id: string;
  project: string;
  kind: string;
  body: Json<Record<string, unknown>>;
  state: 'pending' | 'accepted' | 'refused';
  answer: string | null;
  requested_by: string;
  created_at: Generated<Date>;
  settled_at: Date | null;
}

interface IdempotencyKeyTable {
  project: string;
  key: string;
  /** sha256 of method, path and canonical body. */
  fingerprint: string;
  /** What the first request made: an operation, a command, a decision. */
  resource_id: string;
  created_at: Generated<Date>;
}

interface EmergencyStopTable {
  project: string;
  /** A service, or `*` for all of the project. */
  service: string;
  reason: string;
  stopped_by: string;
  at: Generated<Date>;
}

export interface StoredSplit {
  readonly servers: readonly DesiredServer[];
  readonly stable: string | null;
  readonly canary: string | null;
  readonly leaseMs: number | null;
}

interface TrafficTargetTable {
  proxy: string;
  backend: string;
  project: string;
  service: string;
  token: BigInt;
  owner: string | null;
  split: Json<StoredSplit>;
  change_id: string | null;
  lease_until: Date | null;
  tripped: ColumnType<{ cause: string; reason: string; token: number } | null, string | null, string | null>;
  /** The newest token at which a trip was adopted. */
  trip_token: ColumnType<number, number | undefined, number>;
  updated_at: Generated<Date>;
}

interface ProxyTable {
  name: string;
  /** Grows with every change of any of its targets; the long poll waits for it. */
  revision: BigInt;
  last_seen: Date | null;
  /** The last report without its samples. */
  report: ColumnType<Record<string, unknown> | null, string | null, string | null>;
}

interface ServerSampleTable {
  project: string;
  proxy: string;
  backend: string;
  server: string;
  version: string;
  second: BigInt;
  sessions: number;
  requests: number;
  errors: number;
  up: boolean;
  latency: Json<Record<string, number>>;
}

interface PrincipalTable {
  id: string;
  kind: Principal['kind'];
  created_at: Generated<Date>;
}

interface MembershipTable {
  /** `*`: every project. */
  project: string;
  principal: string;
  role: Role;
  granted_by: string;
  created_at: Generated<Date>;
}

interface ApiKeyTable {
  id: string;
  /** `*`: wherever its principal is something. */
  project: string;
  principal: string;
  name: string;
  prefix: string;
  /** sha256 of the secret. */
  hash: Buffer;
  scopes: ColumnType<string[] | null, string | null, string | null>;
  created_by: string;
  created_at: Generated<Date>;
  expires_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
}
