import { Migrator, type Migration } from 'kysely/migration';
import { OpsError } from '../domain/errors.ts';
import type { Db } from './connect.ts';
import * as skeleton from './migrations/0001-skeleton.ts';
import * as audit from './migrations/0002-audit.ts';
import * as access from './migrations/0003-access.ts';
import * as notification from './migrations/0004-notification.ts';
import * as operationArchive from './migrations/0005-operation-archive.ts';
import * as approval from './migrations/0006-approval.ts';
import * as operationSlot from './migrations/0007-operation-slot.ts';
import * as rowLevelSecurity from './migrations/0008-row-level-security.ts';
import * as approvalGate from './migrations/0009-approval-gate.ts';
import * as feedback from './migrations/0010-feedback.ts';
import * as logWindow from './migrations/0011-log-window.ts';
import * as configRollout from './migrations/0012-config-rollout.ts';
import * as flagDocument from './migrations/0013-flag-document.ts';
import * as canaryConfig from './migrations/0014-canary-config.ts';
import * as refusedRequests from './migrations/0015-refused-requests.ts';
import * as agentUpdate from './migrations/0016-agent-update.ts';
import * as fleetHearing from './migrations/0017-fleet-hearing.ts';
import * as seenRequest from './migrations/0018-seen-request.ts';

/** Numbered, never edited, forward only. */
const migrations: Record<string, Migration> = {
  '0001-skeleton': skeleton,
  '0002-audit': audit,
  '0004-notification': notification,
  '0005-operation-archive': operationArchive,
  '0003-access': access,
  '0006-approval': approval,
  '0007-operation-slot': operationSlot,
  '0008-row-level-security': rowLevelSecurity,
  '0009-approval-gate': approvalGate,
  '0010-feedback': feedback,
  '0011-log-window': logWindow,
  '0012-config-rollout': configRollout,
  '0013-flag-document': flagDocument,
  '0014-canary-config': canaryConfig,
  '0015-refused-requests': refusedRequests,
  '0016-agent-update': agentUpdate,
  '0017-fleet-hearing': fleetHearing,
  '0018-seen-request': seenRequest,
};

/** Brings the database to the newest schema; two at once wait for each other. Answers the names that were applied. */
export async function migrateToLatest(db: Db): Promise<string[]> {
  const { error, results } = await migrator(db).migrateToLatest();
  if (error) {
    const failed = results?.find((result) => result.status === 'Error')?.migrationName ?? 'a migration';
    throw new OpsError('internal', `${failed} failed: ${messageOf(error)}`, {}, error);
  }
  return (results ?? []).map((result) => result.migrationName);
}

/** Names of the migrations that this code needs and the database lacks. */
export async function pendingMigrations(db: Db): Promise<string[]> {
  const known = await migrator(db).getMigrations();
  return known.filter((migration) => !migration.executedAt).map((migration) => migration.name);
}

function migrator(db: Db): Migrator {
  return new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
