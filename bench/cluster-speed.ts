import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { clusteringThreads, type ClusteringThreads } from '../clustering-threads/clustering-threads.ts';
import { noConstraints } from '../domain/feedback-clustering/constraints.ts';
import { embeddedSets } from './feedback-clustering/embedded-sets.ts';
import { oneItem } from './feedback-clustering/one-item.ts';
import { numbersFrom } from './feedback-clustering/random-numbers.ts';
import { scoresOf } from './feedback-clustering/scores.ts';
import { hasPeer, type PeerTask, runPeer } from './feedback-clustering/sklearn-peer.ts';
import { fillThemed } from './feedback-clustering/themed-vectors.ts';

const dimensions = 768;
const threads = 2;
const sizes = [1000, 2000, 5000, 10_000, 20_000, 50_000];
/** The peer keeps all pairs: more items than this do not fit beside other work. */
const peerAtMost = 10_000;
const randomSets = 50;
const orders = 100;

interface Size {
  readonly n: number;
  readonly seconds: number;
  readonly extra_mb: number;
}

/**
 * Exact average linkage of themed unit vectors, off the event loop, beside scikit-learn's agglomerative clustering over the same rows in
 * the same run: time, memory over the input, and whether the clusters are the same.
 */
export async function clusterSpeed({ largest, note }: { largest: number; note: (text: string) => void }) {
  const isPeerThere = await hasPeer();
  if (!isPeerThere) note('scikit-learn is not here: apt-get install python3-sklearn');
  const measured: object[] = [];
  for (const n of sizes.filter((size) => size <= largest)) {
    const own = await speedOf(n);
    measured.push({ ...own, ...(isPeerThere && n <= peerAtMost ? await besidePeer(own) : {}) });
    note(JSON.stringify(measured.at(-1)));
  }
  const crew = clusteringThreads({ count: threads });
  try {
    const figures = { dimensions, threshold: 0.72, threads, sizes: measured };
    const same = isPeerThere ? await sameAsPeer(crew) : { ari_vs_exact: 'not measured: no python3-sklearn' };
    return {
      ...figures,
      ...same,
      ari_shuffled: await shuffled(crew),
      one_item: oneItem(100_000, dimensions),
      orders,
      peer: 'scikit-learn agglomerative',
    };
  } finally {
    await crew.close();
  }
}

async function speedOf(n: number): Promise<Size> {
  const program = path.join(import.meta.dirname, 'feedback-clustering/speed-process.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [
    program,
    ...[n, dimensions, threads].map(String),
  ]);
  const { seconds, extra_mb } = JSON.parse(stdout) as Size;
  return { n, seconds: rounded(seconds), extra_mb: rounded(extra_mb) };
}

async function besidePeer(own: Size) {
  const values = new Float32Array(own.n * dimensions);
  fillThemed(values, dimensions, own.n);
  const [peer] = await runPeer([{ values, dimensions, threshold: 0.72 }]);
  if (peer === undefined) throw new Error('scikit-learn answered nothing');
  return {
    peer_seconds: rounded(peer.seconds),
    peer_extra_mb: rounded(peer.extra_mb),
    ratio_time: rounded(peer.seconds / own.seconds),
    ratio_memory: rounded(peer.extra_mb / Math.max(1, own.extra_mb)),
  };
}

/** The least agreement with the peer over random sets and, where they are, the development sets. */
async function sameAsPeer(crew: ClusteringThreads) {
  const real = (await embeddedSets(1500)) ?? [];
  const tasks = [...Array.from({ length: randomSets }, (_, seed) => randomTask(seed + 1)), ...real];
  const peers = await runPeer(tasks);
  const agreed: number[] = [];
  for (const [index, task] of tasks.entries())
    agreed.push(scoresOf(Array.from(await leadersOf(crew, task)), peers[index]?.labels ?? []).ari);
  return { ari_vs_exact: rounded(Math.min(...agreed)), random_sets: randomSets, real_sets: real.length };
}

function randomTask(seed: number): PeerTask {
  const values = new Float32Array((150 + 10 * seed) * 48);
  fillThemed(values, 48, seed);
  return { values, dimensions: 48, threshold: 0.3 + (seed % 10) * 0.06 };
}

/** The least agreement between the clusters of one order of the items and those of others. */
async function shuffled(crew: ClusteringThreads): Promise<number> {
  const task = { ...randomTask(85), threshold: 0.6 };
  const count = task.values.length / task.dimensions;
  const first = Array.from(await leadersOf(crew, task));
  const next = numbersFrom(1);
  let least = 1;
  for (let round = 0; round < orders; round += 1) {
    const order = Array.from({ length: count }, (_, row) => ({ row, key: next() })).sort(
      (a, b) => a.key - b.key,
    );
    const rows = order.map(({ row }) => row);
    const found = Array.from(await leadersOf(crew, task, rows));
    const back = new Array<number>(count);
    for (const [at, row] of rows.entries()) back[row] = rows[found[at] ?? 0] ?? 0;
    least = Math.min(least, scoresOf(back, first).ari);
  }
  return rounded(least);
}

async function leadersOf(
  crew: ClusteringThreads,
  { values, dimensions: width, threshold }: PeerTask,
  order?: number[],
) {
  const rows = order ?? [...new Array<number>(values.length / width).keys()];
  const placed = new Float32Array(values.length);
  for (const [at, row] of rows.entries())
    placed.set(values.subarray(row * width, (row + 1) * width), at * width);
  const ids = rows.map((row) => `item-${String(row).padStart(6, '0')}`);
  const facts = { ids, values: placed, dimensions: width, fingerprints: ids.map(() => null) };
  const options = { threshold, minSize: 1 };
  const job = { strategy: 'agglomerative' as const, ...facts, constraints: noConstraints, options };
  return (await crew.cluster(job)).leaders;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
