import { Readable } from 'node:stream';
import { exportLines } from '../../api/audit/export.ts';
import { openExport } from '../../cli/audit/read-export.ts';
import { verifyTools } from '../../cli/audit/tools.ts';
import type { Db } from '../../db/connect.ts';
import type { Fault } from '../../domain/audit/fault.ts';
import { verifyLog } from '../../domain/audit/verify.ts';

/** Verifies the chain of a project as an export shows it, without checkpoints. */
export async function verifyProject(
  db: Db,
  project: string,
): Promise<{ fault: Fault | null; entries: number; waiting: number }> {
  const chunks = Readable.from(exportLines(db, project, 0)).map((text: string) => Buffer.from(text));
  const { batches } = await openExport(chunks as AsyncIterable<Uint8Array>);
  const verdict = await verifyLog(verifyTools(Date.now()), batches, { project, checkpoints: [], keys: [] });
  return { fault: verdict.fault, entries: verdict.progress.seq, waiting: verdict.waiting };
}
