import { parentPort } from 'node:worker_threads';
import { agglomerate } from '../domain/feedback-clustering/agglomerative.ts';
import { disjointSets, rootOf, unite } from '../domain/feedback-clustering/disjoint-sets.ts';
import { trimmed } from '../domain/feedback-clustering/edge-list.ts';
import {
  joinSimilar,
  type SimilarityJoin,
  tilesInOrder,
} from '../domain/feedback-clustering/similarity-join.ts';
import { strategyNamed } from '../domain/feedback-clustering/strategies.ts';
import type { ClusterInput, Leaders } from '../domain/feedback-clustering/strategy.ts';
import { vectorSet } from '../domain/feedback-clustering/vectors.ts';
import { OpsError } from '../domain/errors.ts';
import {
  type Answer,
  buffersOf,
  type ClusteringJob,
  type JoinedPart,
  type Request,
  type Share,
} from './messages.ts';
import { simdKernel } from './simd-kernel.ts';

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
      return { kind: 'clustered', leaders: run(request.job, request.edgeBudget) };
    case 'join':
      return { kind: 'joined', part: join(request.share) };
    case 'merge':
      return { kind: 'clustered', leaders: merge(request.job, request.parts) };
  }
}

function run(job: ClusteringJob, budget: number): Leaders {
  const input = inputOf(job);
  if (job.strategy !== 'agglomerative') return strategyNamed(job.strategy)(input, job.options);
  const { vectors } = input;
  const kernel = simdKernel(vectors);
  const { threshold } = job.options;
  const join = joinSimilar(vectors, { threshold, kernel, budget, nextTile: tilesInOrder() });
  return agglomerate(input, job.options, join);
}

function join({ values, dimensions, threshold, budget, next }: Share): JoinedPart {
  const vectors = vectorSet(values, dimensions);
  const nextTile = () => Atomics.add(next, 0, 1);
  const { edges, sets } = joinSimilar(vectors, { threshold, kernel: simdKernel(vectors), budget, nextTile });
  return { edges: edges === null ? null : trimmed([edges]), parents: sets.parents };
}

function merge(job: ClusteringJob, parts: readonly JoinedPart[]): Leaders {
  return agglomerate(inputOf(job), job.options, joinOf(job.ids.length, parts));
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
      return [answer.leaders.buffer as ArrayBuffer];
    case 'failed':
      return [];
  }
}
