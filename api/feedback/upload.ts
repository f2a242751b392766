import type { FeedbackUpload } from '../../contracts/feedback.ts';
import { noteUpload, openUpload } from '../../db/feedback/upload.ts';
import type { Report } from '../../domain/feedback/report.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { keep } from './keep.ts';
import { uploadRows, type UploadFormat, type UploadRow } from './upload-rows.ts';

const batch = 500;
const mostFaults = 100;

export interface UploadRequest {
  readonly id: string;
  readonly project: string;
  readonly principal: string;
  readonly format: UploadFormat;
  readonly body: AsyncIterable<Buffer | string>;
}

/**
 * Keeps the rows of a file in batches, each a delivery of its own: the same file under the same id counts nothing twice, so one that
 * broke off is simply sent again. What was read before it broke off stays.
 */
export async function upload(dependencies: ApiDependencies, request: UploadRequest): Promise<void> {
  const { db } = dependencies;
  const { id, project, format, principal, body } = request;
  await openUpload(db, { id, project, format, principal });
  let progress: Progress = { state: 'reading', rowsRead: 0, accepted: 0, refused: 0, faults: [] };
  let waiting: UploadRow[] = [];

  async function flush(): Promise<void> {
    const reports = waiting.flatMap(({ report }) => report ?? []);
    const deliveryId = `upload/${id}/${progress.rowsRead}`;
    if (reports.length > 0) await keepAll(reports, deliveryId);
    progress = grown(progress, waiting, reports.length);
    waiting = [];
    await noteUpload(db, { project, id }, progress);
  }

  async function keepAll(reports: readonly Report[], deliveryId: string): Promise<void> {
    await keep(dependencies, { project, source: 'upload', deliveryId, reports });
  }

  try {
    for await (const row of uploadRows(format, body, new Date().toISOString())) {
      waiting.push(row);
      if (waiting.length >= batch) await flush();
    }
    await flush();
    await noteUpload(db, { project, id }, { ...progress, state: 'done' });
  } catch (error) {
    await noteUpload(db, { project, id }, { ...progress, state: 'broken-off' });
    throw error;
  }
}

type Progress = Pick<FeedbackUpload, 'state' | 'rowsRead' | 'accepted' | 'refused' | 'faults'>;

function grown(progress: Progress, rows: readonly UploadRow[], accepted: number): Progress {
  const refused = rows.filter(({ report }) => report === null);
  const faults = refused.map(({ line, fault }) => ({ line, detail: fault }));
  return {
    ...progress,
    rowsRead: progress.rowsRead + rows.length,
    accepted: progress.accepted + accepted,
    refused: progress.refused + refused.length,
    faults: [...progress.faults, ...faults].slice(0, mostFaults),
  };
}
