import { polledSources } from '../../db/feedback/poll.ts';
import { parseDuration } from '../../domain/duration.ts';
import { scheduleIdOf, syncSchedule } from '../../workflows/feedback/start-options.ts';
import type { Sweeper } from './sweeper.ts';

const usualMs = 60_000;
const leastMs = 10_000;

/** Temporal has a schedule for each source that is polled, and none for what is gone, switched off or has another interval now. */
export async function keepSchedules(sweeper: Sweeper): Promise<number> {
  const wanted = new Map<string, Wanted>();
  for (const row of await polledSources(sweeper.db)) {
    const { every } = row.settings as { every?: string };
    const everyMs = Math.max(leastMs, every === undefined ? usualMs : (parseDuration(every) ?? usualMs));
    const of = { project: row.project, source: row.name, everyMs };
    wanted.set(scheduleIdOf(of, everyMs), of);
  }
  const present = await presentIds(sweeper);
  const missing = [...wanted].filter(([id]) => !present.has(id));
  const needless = [...present].filter((id) => !wanted.has(id));
  const made = await sweeper.each(
    ([id]) => `schedule ${id}`,
    missing,
    ([, of]) => make(sweeper, of),
  );
  const removed = await sweeper.each(
    (id) => `schedule ${id}`,
    needless,
    (id) => remove(sweeper, id),
  );
  return made + removed;
}

interface Wanted {
  readonly project: string;
  readonly source: string;
  readonly everyMs: number;
}

async function presentIds({ client }: Sweeper): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const { scheduleId } of client.schedule.list())
    if (scheduleId.startsWith('feedback/')) ids.add(scheduleId);
  return ids;
}

/** The list is a little behind: one that is there already is as good, and so is one that is gone. */
async function make({ client }: Sweeper, { everyMs, ...of }: Wanted): Promise<void> {
  await client.schedule.create(syncSchedule(of, everyMs)).catch((error: unknown) => {
    if (!(error instanceof Error) || error.name !== 'ScheduleAlreadyRunning') throw error;
  });
}

async function remove({ client }: Sweeper, id: string): Promise<void> {
  await client.schedule
    .getHandle(id)
    .delete()
    .catch((error: unknown) => {
      if (!(error instanceof Error) || error.name !== 'ScheduleNotFoundError') throw error;
    });
}
