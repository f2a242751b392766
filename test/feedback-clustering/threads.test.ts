import { afterEach, expect, test } from 'vitest';
import { clusteringThreads, sharedRows } from '../../clustering-threads/clustering-threads.ts';
import type { ClusteringJob } from '../../clustering-threads/messages.ts';
import { simdKernel } from '../../clustering-threads/simd-kernel.ts';
import { agglomerative } from '../../domain/feedback-clustering/agglomerative.ts';
import { noConstraints } from '../../domain/feedback-clustering/constraints.ts';
import { rootOf } from '../../domain/feedback-clustering/disjoint-sets.ts';
import { strategies, strategyNamed } from '../../domain/feedback-clustering/strategies.ts';
import { dot, rowOf, vectorSet } from '../../domain/feedback-clustering/vectors.ts';
import { themedRows } from './items.ts';

const tilePairs = [
  [0, 0],
  [0, 128],
  [0, 256],
  [128, 256],
  [256, 256],
] as const;

function pairsWithin(left: number, right: number, count: number): [number, number][] {
  const range = (from: number) =>
    Array.from({ length: Math.min(128, count - from) }, (_, index) => from + index);
  return range(left).flatMap((i) => range(right).map((j): [number, number] => [i, j]));
}

const options = { threshold: 0.6, minSize: 2 };

function jobOf(
  count: number,
  dimensions: number,
  seed: number,
  over: Partial<ClusteringJob> = {},
): ClusteringJob {
  const rows = themedRows(count, dimensions, Math.ceil(count / 20), seed);
  const values = sharedRows(count, dimensions);
  values.set(rows.flat());
  const ids = rows.map((_, index) => `item-${(index * 7919) % count}-${index}`);
  const fingerprints = ids.map((_, index) => (index % 50 === 0 ? 'same' : null));
  return {
    strategy: 'agglomerative',
    ids,
    values,
    dimensions,
    fingerprints,
    constraints: noConstraints,
    options,
    ...over,
  };
}

const inputOf = ({ ids, values, dimensions, fingerprints, constraints }: ClusteringJob) => ({
  ids,
  vectors: vectorSet(values, dimensions),
  fingerprints,
  constraints,
});

const open: { close(): Promise<void> }[] = [];
const threadsOf = (count: number, edgeBudget?: number) => {
  const threads = clusteringThreads({ count, edgeBudget });
  open.push(threads);
  return threads;
};
afterEach(() => Promise.all(open.splice(0).map((threads) => threads.close())));

test.each([1, 3, 16, 50, 64, 100])(
  'SIMD finds the dot products of rows of %i values within its error',
  (dimensions) => {
    const rows = themedRows(300, dimensions, 5, dimensions);
    const vectors = vectorSet(Float32Array.from(rows.flat()), dimensions);
    const kernel = simdKernel(vectors);
    const off = tilePairs.flatMap(([left, right]) => {
      const dots = kernel.dots(left, right);
      return pairsWithin(left, right, 300).map(([i, j]) => {
        const lengths = 1 / ((vectors.inverseLengths[i] ?? 0) * (vectors.inverseLengths[j] ?? 0));
        const product = dots[(i - left) * kernel.tile + j - right] ?? NaN;
        return Math.abs(product - dot(rowOf(vectors, i), rowOf(vectors, j))) / lengths;
      });
    });

    expect(off).toHaveLength(2 * 128 * 128 + 2 * 128 * 44 + 44 * 44);
    expect(Math.max(...off)).toBeLessThanOrEqual(kernel.error);
  },
);

test('threads find the clusters that the plain strategy finds, alone and together', async () => {
  const job = jobOf(2500, 24, 1);
  const expected = agglomerative(inputOf(job), options);

  expect(new Set(expected).size).toBeLessThan(2000);
  expect((await threadsOf(1).cluster(job)).leaders).toEqual(expected);
  expect((await threadsOf(3).cluster(job)).leaders).toEqual(expected);
});

test('more similar pairs than the budget give the same clusters', async () => {
  const job = jobOf(1600, 8, 2);

  for (const count of [1, 3])
    expect((await threadsOf(count, 100).cluster(job)).leaders).toEqual(agglomerative(inputOf(job), options));
});

test.each(Object.keys(strategies) as (keyof typeof strategies)[])('%s runs in a thread', async (strategy) => {
  const job = jobOf(200, 8, 3, { strategy });

  expect((await threadsOf(2).cluster(job)).leaders).toEqual(strategyNamed(strategy)(inputOf(job), options));
});

test('rows outside of shared memory are taken too, and left as they are', async () => {
  const job = jobOf(100, 8, 4);
  const values = Float32Array.from(job.values);

  expect((await threadsOf(1).cluster({ ...job, values })).leaders).toEqual(
    agglomerative(inputOf(job), options),
  );
  expect(values).toEqual(job.values);
});

test('rows that may change each other are told apart from those that never meet', async () => {
  const job = jobOf(1600, 64, 11);
  const { leaders, parents } = await threadsOf(2).cluster(job);
  const sets = { parents };

  expect(new Set(Array.from(parents, (_, row) => rootOf(sets, row))).size).toBeGreaterThan(1);
  for (const [row, leader] of leaders.entries()) expect(rootOf(sets, row)).toBe(rootOf(sets, leader));
});

test('the event loop goes on turning meanwhile', async () => {
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  const run = threadsOf(2).cluster(jobOf(3000, 256, 5));
  setImmediate(turn);
  await run;
  isOver = true;

  expect(turns).toBeGreaterThan(100);
});

test('a job that fails says why, and the next one runs', async () => {
  const threads = threadsOf(2);
  const job = jobOf(2000, 8, 6);
  const broken = { ...job, values: Float32Array.from(job.values).fill(NaN, 8 * 1234, 8 * 1235) };

  await expect(threads.cluster(broken)).rejects.toMatchObject({
    code: 'invalid-input',
    message: expect.stringContaining('row 1234') as string,
    detail: { row: 1234 },
  });
  await expect(threads.cluster({ ...job, ids: job.ids.slice(1) })).rejects.toThrow(/1999 ids, 2000 vectors/);
  await expect(threads.cluster({ ...job, options: { threshold: 2, minSize: 2 } })).rejects.toThrow(
    /threshold is 2/,
  );
  expect((await threads.cluster(job)).leaders).toEqual(agglomerative(inputOf(job), options));
});

test('an aborted job ends, and the next one runs', async () => {
  const threads = threadsOf(2);
  const [job, small] = [jobOf(6000, 256, 7), jobOf(100, 8, 8)];
  const abort = new AbortController();
  const run = threads.cluster(job, abort.signal);
  const next = threads.cluster(small);
  setImmediate(() => abort.abort(new Error('the worker shuts down')));

  await expect(run).rejects.toThrow('the worker shuts down');
  expect((await next).leaders).toEqual(agglomerative(inputOf(small), options));
  await expect(threads.cluster(small, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
});

test('closed threads reject what runs and what waits', async () => {
  const threads = threadsOf(2);
  const runs = [threads.cluster(jobOf(6000, 256, 9)), threads.cluster(jobOf(100, 8, 10))];
  const settled = Promise.allSettled(runs);
  setImmediate(() => void threads.close());

  for (const outcome of await settled)
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
});

test('no threads at all are refused', () => {
  expect(() => clusteringThreads({ count: 0 })).toThrow(/count is 0/);
});
