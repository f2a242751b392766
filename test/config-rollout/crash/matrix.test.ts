import { expect, inject, test } from 'vitest';
import { upperBound95 } from '../../../bench/statistics.ts';
import { openCrashLane, type CrashLane } from './crash-lane.ts';
import { runOf } from './seeds.ts';
import { tell, type Told } from './tell.ts';

/**
 * Three real HAProxies under load with their real agents, API, worker, PostgreSQL and Temporal. In each run a rollout goes as its
 * story says while one of them dies of SIGKILL at a moment that the seed names, and is started again. In the end file, HAProxy and
 * report of every proxy are at one and as the outcome says, the waves went one after the other, no request failed, the audit verifies.
 * `make test` takes a fixed sample, `make test-long` 240 seeds.
 */
const sample = [1, 3, 4, 7, 10, 11, 15, 20];
const long = 240;

/** One run alone: CRASH_SEEDS=17 npx vitest run test/config-rollout/crash/matrix.test.ts; 0-99 is a range. */
const asked = process.env['CRASH_SEEDS'];
const seeds = asked === undefined ? (inject('long') ? range(0, long - 1) : sample) : parse(asked);
const laneCount = seeds.length > 50 ? 2 : 1;

test('whatever is killed, every proxy ends as the rollout says', { timeout: 7_200_000 }, async () => {
  const queue = [...seeds];
  const results: Told[] = [];
  await Promise.all(
    Array.from({ length: laneCount }, async (_, number) => {
      let lane: CrashLane | null = null;
      for (let seed = queue.shift(); seed !== undefined; seed = queue.shift()) {
        lane ??= await openCrashLane({ temporal: inject('temporal'), number });
        const result = await tell(lane, runOf(seed));
        results.push(result);
        console.log(lineOf(result));
        if (result.problems.length === 0) continue;
        // What went wrong once would be wrong in every run that follows.
        await lane.close();
        lane = null;
      }
      await lane?.close();
    }),
  );
  const wrong = results.filter(({ problems }) => problems.length > 0);
  const bound = upperBound95(wrong.length, results.length) * 100;
  console.log(
    `crash matrix of config rollouts: ${results.length} runs, ${wrong.length} violations (at most ${bound.toFixed(1)} % at 95 %)`,
  );
  expect(wrong.map(lineOf)).toEqual([]);
  expect(results.length).toBe(seeds.length);
});

function lineOf({ run, told, problems, ms }: Told): string {
  const line = `seed ${run.seed}: ${told}; ${(ms / 1000).toFixed(1)} s`;
  if (problems.length === 0) return line;
  const again = `CRASH_SEEDS=${run.seed} npx vitest run test/config-rollout/crash/matrix.test.ts`;
  return [`VIOLATION in ${line}`, ...problems, `again: ${again}`].join('\n  ');
}

function parse(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return range(from, to);
  });
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
