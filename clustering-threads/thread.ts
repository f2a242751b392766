import { parentPort } from 'node:worker_threads';
import { connected } from '../domain/feedback-clustering/arrival.ts';
import { agglomerate } from '../domain/feedback-clustering/agglomerative.ts';
import { disjointSets, rootOf, unite } from '../domain/feedback-clustering/disjoint-sets.ts';
import { trimmed } from '../domain/feedback-clustering/edge-list.ts';
import {
  joinSimilar,
  type SimilarityJoin,
  tilesInOrder,
} from '../domain/feedback-clustering/similarity-join.ts';
import { strategyNamed } from '../domain/feedback-clustering/strategies.ts';
import type { ClusterInput } from '../domain/feedback-clustering/strategy.ts';
import { vectorSet } from '../domain/feedback-clustering/vectors.ts';
import { OpsError } from '../domain/errors.ts';
import { giveWay } from './give-way.ts';
import {
  type Answer,
  type Clustered,
  buffersOf,
  type ClusteringJob,
  type JoinedPart,
  type Request,
  type Share,
} from './messages.ts';
import { simdKernel } from './simd-kernel.ts';

giveWay();

/** A thread of `clusteringThreads`: does one request after the other and keeps nothing between them. */
parentPort?.on('message', (request: Request) => {
  const answer = attempt(request);
  parentPort?.postMessage(answer, movedWith(answer));
});

function attempt(request: Request): Answer {
  try {
    return handle(request);
  } catch (error) {
    const { code, detail } = error instanceof OpsError ? error : { code: 'internal', detail: {} };
    return { kind: 'failed', code, message: error instanceof Error ? error.message : String(error), detail };
  }
}

function handle(request: Request): Answer {
  switch (request.kind) {
    case 'run':
      return { kind: 'clustered', clustered: run(request.job, request.edgeBudget) };
    case 'join':
      return { kind: 'joined', part: join(request.share) };
    case 'merge':
      return { kind: 'clustered', clustered: merge(request.job, request.parts) };
  }
}

function run(job: ClusteringJob, budget: number): Clustered {
  const input = inputOf(job);
  // The other strategies go by the order of all items: any of them may change with any other.
  if (job.strategy !== 'agglomerative')
    return {
      leaders: strategyNamed(job.strategy)(input, job.options),
      parents: new Int32Array(job.ids.length),
    };
  const { vectors } = input;
  const kernel = simdKernel(vectors);
  const { threshold } = job.options;
  const join = joinSimilar(vectors, { threshold, kernel, budget, nextTile: tilesInOrder() });
  return clustered(input, job, join);
}

function join({ values, dimensions, threshold, budget, next }: Share): JoinedPart {
  const vectors = vectorSet(values, dimensions);
  const nextTile = () => Atomics.add(next, 0, 1);
  const { edges, sets } = joinSimilar(vectors, { threshold, kernel: simdKernel(vectors), budget, nextTile });
  return { edges: edges === null ? null : trimmed([edges]), parents: sets.parents };
}

function merge(job: ClusteringJob, parts: readonly JoinedPart[]): Clustered {
  return clustered(inputOf(job), job, joinOf(job.ids.length, parts));
}

function clustered(input: ClusterInput, { options }: ClusteringJob, join: SimilarityJoin): Clustered {
  const leaders = agglomerate(input, options, join);
  return { leaders, parents: connected(input, join.sets).parents };
}

function joinOf(count: number, parts: readonly JoinedPart[]): SimilarityJoin {
  const sets = disjointSets(count);
  for (const { parents } of parts)
    for (const member of parents.keys()) unite(sets, member, rootOf({ parents }, member));
  const kept = parts.flatMap(({ edges }) => edges ?? []);
  return { edges: kept.length === parts.length ? trimmed(kept) : null, sets };
}

function inputOf({ ids, values, dimensions, fingerprints, constraints }: ClusteringJob): ClusterInput {
  return { ids, vectors: vectorSet(values, dimensions), fingerprints, constraints };
}

function movedWith(answer: Answer): ArrayBuffer[] {
  switch (answer.kind) {
    case 'joined':
      return buffersOf(answer.part);
    case 'clustered':
      return [answer.clustered.leaders.buffer, answer.clustered.parents.buffer] as ArrayBuffer[];
    case 'failed':
      return [];
  }
}
