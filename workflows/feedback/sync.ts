import { continueAsNew, setCurrentDetails, sleep, workflowInfo } from '@temporalio/workflow';
import type { FeedbackSyncInput, FeedbackSyncResult } from '../../contracts/feedback-source.ts';
import { hands } from './hands.ts';

/** A longer wait is left to the next time of the schedule. */
const longestWaitMs = 3_600_000;

/** Reads what changed at a source since it was last read, part by part; from the beginning where it was never read. */
export async function feedbackSync(input: FeedbackSyncInput): Promise<FeedbackSyncResult> {
  const { source } = input;
  const parts = input.parts ?? (await hands.pollParts({ source })).parts;
  let { changed = 0, problems = [] } = input.soFar ?? {};
  for (const [index, part] of parts.entries()) {
    for (let isRead = false; !isRead;) {
      setCurrentDetails(`reads ${part}, ${index + 1} of ${parts.length}; ${changed} new or changed so far`);
      const step = await hands.readPart({ source, part });
      changed += step.changed;
      isRead = step.outcome === 'end' || step.outcome === 'refused' || step.waitMs > longestWaitMs;
      if (isRead && step.note !== '') problems = [...problems, `${part}: ${step.note}`].slice(-20);
      if (!isRead && step.outcome === 'wait') await sleep(Math.max(1000, step.waitMs));
      if (!isRead && workflowInfo().continueAsNewSuggested)
        await continueAsNew<typeof feedbackSync>({
          ...{ source, parts: parts.slice(index), soFar: { changed, problems } },
        });
    }
  }
  return { changed, problems };
}
