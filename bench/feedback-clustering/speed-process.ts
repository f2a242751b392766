import { clusteringThreads, sharedRows } from '../../clustering-threads/clustering-threads.ts';
import { noConstraints } from '../../domain/feedback-clustering/constraints.ts';
import { fillThemed } from './themed-vectors.ts';

/** Clusters `n` themed vectors in a process of its own, so that its memory is that of this run, and prints what it took. */
const [n = 1000, dimensions = 768, threads = 2] = process.argv.slice(2).map(Number);
const rounds = n <= 2000 ? 9 : 1;

const crew = clusteringThreads({ count: threads });
// Large enough for every thread to have a part, so that none has to warm up in the run.
for (let round = 0; round < 3; round += 1) await crew.cluster(jobOf(1600));
const job = jobOf(n);
const before = process.memoryUsage.rss();
let peak = before;
const sampler = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 10);
const seconds: number[] = [];
let clusters = 0;
for (let round = 0; round < rounds; round += 1) {
  const began = performance.now();
  clusters = new Set((await crew.cluster(job)).leaders).size;
  seconds.push((performance.now() - began) / 1000);
}
clearInterval(sampler);
await crew.close();
const median = seconds.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? NaN;
process.stdout.write(
  `${JSON.stringify({ n, seconds: median, extra_mb: (peak - before) / 2 ** 20, clusters })}\n`,
);

function jobOf(count: number) {
  const values = sharedRows(count, dimensions);
  fillThemed(values, dimensions, count);
  const ids = Array.from({ length: count }, (_, row) => `item-${String(row).padStart(7, '0')}`);
  const facts = { ids, values, dimensions, fingerprints: ids.map(() => null), constraints: noConstraints };
  return { strategy: 'agglomerative' as const, ...facts, options: { threshold: 0.72, minSize: 1 } };
}
