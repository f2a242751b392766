import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** A saved history as the Temporal CLI and the SDK write it: `{ events: [...] }`. */
export interface SavedHistory {
  /** `<release>/<story>` */
  readonly name: string;
  readonly history: { readonly events: readonly SavedEvent[] };
}

interface SavedEvent {
  readonly eventId: string;
  readonly eventType: string;
  /** The attributes of its type, among other things. */
  readonly [attributes: string]: unknown;
}

export const historiesFolder = path.resolve(import.meta.dirname, 'histories');

/** Every history of every release: what was recorded once has to replay for ever. */
export async function savedHistories(): Promise<SavedHistory[]> {
  const names = (await readdir(historiesFolder, { recursive: true }))
    .filter((name) => name.endsWith('.json'))
    .sort();
  return Promise.all(
    names.map(async (name) => ({
      name: name.replace(/\.json$/, ''),
      history: JSON.parse(
        await readFile(path.join(historiesFolder, name), 'utf8'),
      ) as SavedHistory['history'],
    })),
  );
}

/**
 * The history as it stood after each completed workflow task: what a worker finds that takes the run over at that moment. The prefix
 * of one event is left out: replaying it waits for ever for a first task.
 */
export function prefixesOf({ name, history }: SavedHistory): SavedHistory[] {
  const cuts = history.events.flatMap((event, index) =>
    event.eventType === 'EVENT_TYPE_WORKFLOW_TASK_COMPLETED' ? [index + 1] : [],
  );
  return cuts.map((cut) => ({ name: `${name}@${cut}`, history: { events: history.events.slice(0, cut) } }));
}
