import { setTimeout as sleep } from 'node:timers/promises';
import { memoryGoalMiB, statusOfStack } from '../infra/stack/status.ts';
import { withStack } from './stack.ts';

/** Long enough for caches to fill and start-up memory to be given back. */
const settleMs = 30_000;
/** What no platform of this kind can do without; the rest is ours. */
const floor = ['postgres', 'temporal', 'haproxy'];

/** Memory of the whole idle stack: proportional set size, so that what processes share counts once. */
export async function footprint({ note }: { note: (text: string) => void }) {
  return withStack(async ({ record }) => {
    note(`the stack is up; it is left alone for ${settleMs / 1000} s`);
    await sleep(settleMs);
    const { parts, totalPssMiB } = statusOfStack(record);
    const own = new Map(parts.map((part) => [part.name, part.pssMiB ?? 0]));
    const floorMiB = floor.reduce((sum, name) => sum + (own.get(name) ?? 0), 0);
    return {
      total_pss_mib: totalPssMiB,
      goal_mib: memoryGoalMiB,
      floor_mib: Math.round(floorMiB),
      ratio_to_floor: Number((totalPssMiB / floorMiB).toFixed(2)),
      parts_mib: Object.fromEntries(own),
    };
  });
}
