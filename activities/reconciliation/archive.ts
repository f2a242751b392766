import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  saveArchive,
  unarchivedOperations,
  type ArchivedHistory,
  type UnarchivedOperation,
} from '../../db/operation-archive.ts';
import { isGone } from './gone.ts';
import type { Sweeper } from './sweeper.ts';

const atOnce = 20;
/** A run that goes on after its operation has ended writes its last events; one that never ends is archived as it is. */
const patienceMs = 24 * 60 * 60 * 1000;

/** The histories of closed operations go beside their timelines before Temporal forgets them. Payloads stay as sealed as they are. */
export async function archiveHistories(sweeper: Sweeper): Promise<number> {
  const operations = await unarchivedOperations(sweeper.db, atOnce);
  const ended: UnarchivedOperation[] = [];
  for (const operation of operations) if (await hasEnded(sweeper, operation)) ended.push(operation);
  return sweeper.each(
    ({ id }) => `archive of ${id}`,
    ended,
    async (operation) => {
      const histories: ArchivedHistory[] = [];
      for (const runId of operation.runIds)
        histories.push(await historyOf(sweeper, operation.workflowId, runId));
      await saveArchive(sweeper.db, operation, histories);
    },
  );
}

async function hasEnded(sweeper: Sweeper, operation: UnarchivedOperation): Promise<boolean> {
  if (Date.now() - operation.finishedAt.getTime() > patienceMs) return true;
  for (const runId of operation.runIds) {
    if ((await statusOf(sweeper, operation.workflowId, runId)) === 'RUNNING') return false;
  }
  return true;
}

/** null when Temporal knows the run no more. */
async function statusOf({ client }: Sweeper, workflowId: string, runId: string): Promise<string | null> {
  try {
    return (await client.workflow.getHandle(workflowId, runId).describe()).status.name;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

async function historyOf(sweeper: Sweeper, workflowId: string, runId: string): Promise<ArchivedHistory> {
  if ((await statusOf(sweeper, workflowId, runId)) === null)
    return { runId, state: 'forgotten', events: 0, bytes: 0, digest: null, content: null };
  const history = await sweeper.client.workflow.getHandle(workflowId, runId).fetchHistory();
  return { runId, ...(await archiveOf(historyToJSON(history), history.events?.length ?? 0)) };
}

const largestBytes = 64 * 1024 * 1024;

/** The text of a history as it is archived; of one beyond the bound only the digest is kept. */
export async function archiveOf(
  text: string,
  events: number,
  limitBytes = largestBytes,
): Promise<Omit<ArchivedHistory, 'runId'>> {
  const digest = createHash('sha256').update(text).digest('hex');
  const bytes = Buffer.byteLength(text);
  if (bytes > limitBytes) return { state: 'too-large', events, bytes, digest, content: null };
  return { state: 'kept', events, bytes, digest, content: await promisify(gzip)(text) };
}
