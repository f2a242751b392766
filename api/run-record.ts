import type { PayloadCodec } from '@temporalio/common';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Type } from 'typebox';
import { ref } from '../contracts/common.ts';
import { RunRecord, type RunHistory, type RunManifest } from '../contracts/run-record.ts';
import { archivedHistories, type ArchivedHistory } from '../db/operation-archive.ts';
import { recordedParts } from '../db/run-record.ts';
import { OpsError } from '../domain/errors.ts';
import { bundleProof, type BundleProof } from './audit/bundle-proof.ts';
import { partDigests, signedText } from '../domain/run-record.ts';
import { openPayloads } from '../payload-codec/json-payload.ts';
import type { ApiDependencies, App } from './dependencies.ts';
import { IdParams, problems } from './schemas.ts';

const signedWithinMs = 60_000;

/** The whole record of a closed operation as one signed bundle. */
export function registerRunRecord(app: App, { db, signer, codec }: ApiDependencies): void {
  app.get(
    '/operations/:id/record',
    {
      config: { needs: 'operation:read' },
      schema: {
        tags: ['operations'],
        summary: 'The whole record of a closed operation, signed: rows, timeline, Temporal histories',
        params: IdParams,
        querystring: Type.Object({
          payloads: Type.Optional(
            Type.Union([Type.Literal('as-stored'), Type.Literal('clear')], {
              default: 'as-stored',
              description: 'clear: payloads of the histories are opened; needs the key of the codec server',
            }),
          ),
        }),
        response: { 200: ref(RunRecord), ...problems },
      },
    },
    async (request) => {
      const { project, id } = request.params;
      const { payloads = 'as-stored' } = request.query;
      if (signer === undefined)
        throw new OpsError('unavailable', 'records are not signed here: set HOLDFAST_SIGNING_KEY');
      if (payloads === 'clear' && codec !== undefined && !codec.mayDecode(request))
        throw new OpsError('unauthenticated', 'clear payloads need the bearer key of the codec server');
      const recorded = await recordedParts(db, project, id);
      if (recorded === null) throw new OpsError('not-found', `there is no operation ${id}`);
      const archived = await archivedHistories(db, id);
      if (archived === null) throw notYet(id, recorded);
      const opening = payloads === 'clear' ? (codec?.codec ?? null) : null;
      const histories = await Promise.all(archived.map((history) => historyOf(history, opening)));
      const places = (recorded['audit'] as { seq: number | null }[]).map(({ seq }) => seq);
      const auditProof = await bundleProof(db, project, places);
      if (isBeingSigned(recorded, auditProof))
        throw new OpsError(
          'conflict',
          `the record of ${id} is not there yet: its audit is being signed; ask again in some seconds`,
        );
      const parts = { ...recorded, auditProof, histories };
      const manifest: RunManifest = {
        format: 'holdfast-run-record/1',
        operationId: id,
        project,
        exportedAt: new Date().toISOString(),
        payloads,
        parts: partDigests(parts, sha256),
      };
      const value = signer.sign(signedText(manifest));
      return { manifest, signature: { algorithm: 'Ed25519' as const, keyId: signer.keyId, value }, parts };
    },
  );
}

function notYet(id: string, { operation }: Record<string, unknown>): OpsError {
  const isClosed = (operation as { status?: unknown }).status === 'closed';
  const why = isClosed
    ? 'its history is being archived; ask again in some seconds'
    : 'it runs; its record is whole when it has ended';
  return new OpsError('conflict', `the record of ${id} is not there yet: ${why}`);
}

/** Entries are under a checkpoint some seconds after they were made. What is still missing long after is exported as it is. */
function isBeingSigned({ operation }: Record<string, unknown>, { checkpoint, paths }: BundleProof): boolean {
  const { finishedAt } = operation as { finishedAt?: string | null };
  const isFresh = Date.parse(finishedAt ?? '') > Date.now() - signedWithinMs;
  return checkpoint !== null && paths.includes(null) && isFresh;
}

async function historyOf(archived: ArchivedHistory, codec: PayloadCodec | null): Promise<RunHistory> {
  const { runId, state, events, digest, content } = archived;
  const text = content === null ? null : (await promisify(gunzip)(content)).toString('utf8');
  const shown = text === null || codec === null ? text : await opened(text, codec);
  return { runId, state, events, archivedDigest: digest, text: shown };
}

async function opened(text: string, codec: PayloadCodec): Promise<string> {
  return JSON.stringify(await openPayloads(JSON.parse(text), codec), null, 2);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
