import { Type } from 'typebox';
import {
  AgentOrder,
  AgentRelease,
  AgentReleaseInput,
  AgentUpdate,
  OrderAgentUpdate,
} from '../contracts/agent-update.ts';
import {
  AuditCheckpoint,
  AuditCheckpointPage,
  AuditConsistency,
  AuditEntryPage,
  AuditEntryView,
  AuditErasure,
  AuditErasureInput,
  AuditInclusion,
  AuditKey,
  AuditReconciliation,
} from '../contracts/audit.ts';
import {
  CanaryCommand,
  CanaryCommandInput,
  CanaryDecision,
  CanaryDecisionInput,
  CanaryRollout,
  CanaryRolloutPage,
  RollbackInput,
  StartCanaryRollout,
} from '../contracts/canary-rollout.ts';
import {
  ApiKey,
  ApiKeyInput,
  ApiKeyList,
  Member,
  MemberInput,
  MemberList,
  NewApiKey,
  Project,
  ProjectInput,
  ProjectList,
  RotateApiKey,
  WhoAmI,
} from '../contracts/access.ts';
import {
  Approval,
  ApprovalDecision,
  ApprovalDecisionInput,
  ApprovalList,
  ApproverGroup,
  ApproverGroupInput,
  ApproverGroupList,
  BreakGlassInput,
} from '../contracts/approval.ts';
import { Name, Problem, ref, Ulid } from '../contracts/common.ts';
import {
  ConfigCommand,
  ConfigCommandInput,
  ConfigRollbackInput,
  ConfigRollout,
  ConfigRolloutPage,
  StartConfigRollout,
} from '../contracts/config-rollout.ts';
import { ConfigBundle, ConfigReport } from '../contracts/config-bundle.ts';
import {
  ConfigDiff,
  ConfigHeadInput,
  ConfigHeadMove,
  ConfigHeadMovePage,
  ConfigImport,
  ConfigImportInput,
  ConfigMerge,
  ConfigMergeInput,
  ConfigPreview,
  ConfigPreviewInput,
  ConfigRevisionDetail,
  ConfigSimulation,
  ConfigSimulationInput,
  Environment,
  EnvironmentList,
  EnvironmentSettings,
} from '../contracts/config-revision.ts';
import {
  EnrollProxy,
  FleetProxy,
  FleetProxyPage,
  ProxyCredentials,
  ProxyEnrollment,
  ProxyEnrollmentExchange,
} from '../contracts/proxy-enrollment.ts';
import { EmergencyStop, EmergencyStopInput, EmergencyStopList } from '../contracts/emergency-stop.ts';
import {
  Cluster,
  ClusterCommand,
  ClusterCommandInput,
  ClusterDetail,
  ClusterEdit,
  ClusterEditPage,
  ClusteringSettings,
  ClusteringSettingsInput,
  ClusteringStatus,
  ClusterJob,
  ClusterJobPage,
  ClusterJobStats,
  ClusterMember,
  ClusterPage,
  MembershipWhy,
} from '../contracts/feedback-clustering.ts';
import {
  Feedback,
  FeedbackEdit,
  FeedbackInput,
  FeedbackPage,
  FeedbackUpload,
  FeedbackUploadPage,
  IngestResult,
  SubredditList,
} from '../contracts/feedback.ts';
import {
  FeedbackSource,
  FeedbackSourceInput,
  FeedbackSourceList,
  FeedbackSync,
} from '../contracts/feedback-source.ts';
import { FlagContext, FlagDocument } from '../contracts/flag-document.ts';
import { LogBatchInput, LogBatchResult, LogWindowList } from '../contracts/log-window.ts';
import {
  NotificationChannel,
  NotificationChannelInput,
  NotificationChannelPage,
  NotificationDelivery,
  NotificationDeliveryPage,
} from '../contracts/notification.ts';
import { Operation, OperationEvent, OperationEventPage, OperationPage } from '../contracts/operation.ts';
import { RunRecord } from '../contracts/run-record.ts';
import { Service, ServiceInput, ServicePage } from '../contracts/service.ts';

/** Every shape with a name: OpenAPI shows each once, under this name. */
export const sharedSchemas = [
  ConfigCommand,
  ConfigCommandInput,
  ConfigRollbackInput,
  ConfigRollout,
  ConfigRolloutPage,
  StartConfigRollout,
  Cluster,
  ClusterCommand,
  ClusterCommandInput,
  ClusterDetail,
  ClusterEdit,
  ClusterEditPage,
  ClusteringSettings,
  ClusteringSettingsInput,
  ClusteringStatus,
  ClusterJob,
  ClusterJobPage,
  ClusterJobStats,
  ClusterMember,
  ClusterPage,
  MembershipWhy,
  Problem,
  Service,
  ServiceInput,
  ServicePage,
  StartCanaryRollout,
  CanaryRollout,
  CanaryRolloutPage,
  CanaryCommandInput,
  CanaryCommand,
  CanaryDecisionInput,
  CanaryDecision,
  RollbackInput,
  Operation,
  OperationPage,
  OperationEvent,
  OperationEventPage,
  RunRecord,
  EmergencyStopInput,
  EmergencyStop,
  EmergencyStopList,
  AuditEntryView,
  AuditEntryPage,
  AuditCheckpoint,
  AuditCheckpointPage,
  AuditKey,
  AuditInclusion,
  AuditConsistency,
  AuditErasureInput,
  AuditErasure,
  AuditReconciliation,
  Project,
  ProjectInput,
  ProjectList,
  Member,
  MemberInput,
  MemberList,
  ApiKey,
  ApiKeyInput,
  ApiKeyList,
  NewApiKey,
  RotateApiKey,
  WhoAmI,
  NotificationChannelInput,
  NotificationChannel,
  NotificationChannelPage,
  NotificationDelivery,
  NotificationDeliveryPage,
  Approval,
  ApprovalList,
  ApprovalDecisionInput,
  BreakGlassInput,
  ApprovalDecision,
  ApproverGroupInput,
  ApproverGroup,
  ApproverGroupList,
  FeedbackInput,
  FeedbackEdit,
  Feedback,
  FeedbackPage,
  IngestResult,
  FeedbackUpload,
  FeedbackUploadPage,
  SubredditList,
  FeedbackSourceInput,
  FeedbackSource,
  FeedbackSourceList,
  FeedbackSync,
  LogBatchInput,
  LogBatchResult,
  LogWindowList,
  ConfigBundle,
  ConfigReport,
  EnrollProxy,
  ProxyEnrollment,
  ProxyEnrollmentExchange,
  ProxyCredentials,
  FleetProxy,
  FleetProxyPage,
  AgentReleaseInput,
  AgentRelease,
  OrderAgentUpdate,
  AgentUpdate,
  AgentOrder,
  EnvironmentSettings,
  Environment,
  EnvironmentList,
  ConfigRevisionDetail,
  ConfigHeadInput,
  ConfigHeadMove,
  ConfigHeadMovePage,
  ConfigDiff,
  ConfigPreviewInput,
  ConfigPreview,
  ConfigMergeInput,
  ConfigMerge,
  ConfigImportInput,
  ConfigImport,
  ConfigSimulationInput,
  ConfigSimulation,
  FlagContext,
  FlagDocument,
] as const;

const ProblemBody = {
  description: 'RFC 9457 problem',
  content: { 'application/problem+json': { schema: ref(Problem) } },
};

/** Every route may answer with a problem. */
export const problems = { '4xx': ProblemBody, '5xx': ProblemBody };

export const ProjectParams = Type.Object({ project: Name });
export const ServiceParams = Type.Object({ project: Name, service: Name });
export const EnvironmentParams = Type.Object({ project: Name, environment: Name });
export const IdParams = Type.Object({ project: Name, id: Ulid });

/** Headers of a POST. Their presence is checked by api/idempotency.ts, which says what to send. */
export const PostHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({ description: 'Required. The same key and body answer the first result again' }),
  ),
  'holdfast-principal': Type.Optional(
    Type.String({ description: 'Not read any more: who asks is known by its key', deprecated: true }),
  ),
});

export const Limit = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Items on a page' }),
);
export const Cursor = Type.Optional(
  Type.String({ maxLength: 200, description: '`next` of the page before; opaque' }),
);
