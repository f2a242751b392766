import { Type } from 'typebox';
import { AuditConsistency, AuditEntryId, AuditInclusion } from '../../contracts/audit.ts';
import { Name, ref } from '../../contracts/common.ts';
import { findCheckpoint, leavesAfter } from '../../db/audit/checkpoints.ts';
import { findSealed } from '../../db/audit/entries.ts';
import { sha256 } from '../../db/audit/record.ts';
import type { Db } from '../../db/connect.ts';
import { consistencyPath, inclusionPath } from '../../domain/audit/merkle.ts';
import { OpsError } from '../../domain/errors.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { problems, ProjectParams } from '../schemas.ts';

const Size = Type.Integer({ minimum: 1, description: 'Size of a checkpoint' });

/** GET audit/entries/:entry/proof and audit/consistency, against checkpoints that were signed. */
export function registerAuditProofs(app: App, { db }: ApiDependencies): void {
  const tags = ['audit'];
  app.get(
    '/audit/entries/:entry/proof',
    {
      config: { needs: 'audit:read' },
      schema: {
        tags,
        summary: 'Proves that an entry is under a signed checkpoint, the newest or the one of `size`',
        params: Type.Object({ project: Name, entry: AuditEntryId }),
        querystring: Type.Object({ size: Type.Optional(Size) }),
        response: { 200: ref(AuditInclusion), ...problems },
      },
    },
    async ({ params: { project, entry }, query }) => {
      const sealed = await findSealed(db, project, entry);
      if (sealed === undefined) throw new OpsError('not-found', `no sealed audit entry ${entry}`);
      const { size, note } = await checkpointOf(db, project, query.size ?? null);
      if (sealed.seq > size) {
        throw new OpsError('not-found', `entry ${sealed.seq} is newer than the checkpoint of ${size}; wait`);
      }
      const leaves = await leavesAfter(db, project, 0, size);
      return {
        project,
        seq: sealed.seq,
        bytes: base64(sealed.bytes),
        path: inclusionPath(sha256, leaves, sealed.seq - 1).map(base64),
        checkpoint: note,
      };
    },
  );
  app.get(
    '/audit/consistency',
    {
      config: { needs: 'audit:read' },
      schema: {
        tags,
        summary: 'Proves that one checkpoint continues another',
        params: ProjectParams,
        querystring: Type.Object({ from: Size, to: Size }),
        response: { 200: ref(AuditConsistency), ...problems },
      },
    },
    async ({ params: { project }, query: { from, to } }) => {
      if (from > to) throw new OpsError('invalid-input', `${from} is not older than ${to}`);
      const older = await checkpointOf(db, project, from);
      const newer = await checkpointOf(db, project, to);
      const path = consistencyPath(sha256, await leavesAfter(db, project, 0, to), from).map(base64);
      return { project, path, older: older.note, newer: newer.note };
    },
  );
}

async function checkpointOf(db: Db, project: string, size: number | null) {
  const found = await findCheckpoint(db, project, size);
  if (found !== undefined) return found;
  const which = size === null ? 'no checkpoint yet' : `no checkpoint of ${size} entries`;
  throw new OpsError('not-found', `there is ${which}; GET audit/checkpoints lists them`);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
