import { generateKeyPairSync, sign } from 'node:crypto';
import { Readable } from 'node:stream';
import { publishCheckpoint } from '../../activities/reconciliation/audit.ts';
import { exportLines } from '../../api/audit/export.ts';
import { verifyTools } from '../../cli/audit/tools.ts';
import { openExport } from '../../cli/audit/read-export.ts';
import { audit } from '../../db/audit.ts';
import { sha256 } from '../../db/audit/record.ts';
import { sealEntries } from '../../db/audit/seal.ts';
import type { Db } from '../../db/connect.ts';
import { noteKey, type NoteKey } from '../../domain/audit/note.ts';
import { verifyLog, type Verdict } from '../../domain/audit/verify.ts';
import { createMemoryCheckpointStore } from '../../providers/checkpoint-store/memory.ts';
import type { NoteSigner } from '../../providers/note-signer/note-signer.ts';
import type { Tamper, TamperedLog } from './tampers.ts';

/** Makes a log of its own, tampers with it, and verifies what an export of it says. */
export async function tamperAndVerify(db: Db, tamper: Tamper | null, project: string): Promise<Verdict> {
  const signer = createNoteSigner();
  const store = createMemoryCheckpointStore();
  for (const publish of [20, 20]) {
    await audit(db, ...entries(project, publish));
    await sealEntries(db, project);
    await publishCheckpoint(db, { store, signer }, project);
  }
  const log: TamperedLog = { db, project, store, stranger: createNoteSigner() };
  await tamper?.plant(log);

  const published = await store.list(project);
  const whole: string[] = [];
  for await (const text of exportLines(db, project, 0)) whole.push(...text.split(/(?<=\n)/));
  const kept = tamper?.cut?.(whole) ?? whole;
  const { batches, checkpoints } = await openExport(Readable.from([Buffer.from(kept.join(''))]));
  return verifyLog(verifyTools(Date.now()), batches, {
    project,
    checkpoints: [...checkpoints, ...published.map(({ size, note }) => ({ place: size, note }))],
    keys: [keyOf(signer)],
  });
}

function entries(project: string, count: number) {
  return Array.from({ length: count }, (_, index) => ({
    project,
    principal: 'ada',
    action: 'service.replace',
    subject: `service-${index}`,
    operationId: null,
    detail: { instances: index },
    personal: { reason: `for the ${index}. time` },
  }));
}

export function createNoteSigner(): NoteSigner {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    name: 'holdfast/audit',
    publicKey: Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'),
    sign: async (message) => sign(null, message, privateKey),
  };
}

export function keyOf({ name, publicKey }: NoteSigner): NoteKey {
  return noteKey(sha256, name, publicKey);
}
