import { Worker } from 'node:worker_threads';
import { checkOptions, edgeBudget as defaultBudget } from '../domain/feedback-clustering/agglomerative.ts';
import { OpsError } from '../domain/errors.ts';
import { ask } from './ask.ts';
import { type Answer, buffersOf, type Clustered, type ClusteringJob, type JoinedPart } from './messages.ts';

export interface ClusteringThreads {
  /** Runs one job after the other, none of it on the caller's thread. Rejects with the signal's reason once that is aborted. */
  cluster(job: ClusteringJob, signal?: AbortSignal): Promise<Clustered>;
  /** Ends the threads; jobs that run or wait are rejected. */
  close(): Promise<void>;
}

/** Rows up to which one thread is as fast as several. */
const alone = 1500;

/** Threads that cluster: started with the first job, kept for the next ones, replaced after a job that failed. */
export function clusteringThreads({ count, edgeBudget = defaultBudget }: Options): ClusteringThreads {
  if (!Number.isInteger(count) || count < 1)
    throw new OpsError('invalid-input', `count is ${count}: give a whole number of at least 1`);
  const house: House = { count, edgeBudget, crew: [], isClosed: false };
  let last: Promise<unknown> = Promise.resolve();
  return {
    cluster(job, signal) {
      const run = last.then(() => runJob(house, job, signal));
      last = run.catch(() => undefined);
      return run;
    },
    close() {
      house.isClosed = true;
      return dismiss(house);
    },
  };
}

/** Rows in shared memory: what is written into them reaches the threads without a copy. */
export function sharedRows(count: number, dimensions: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(4 * count * dimensions));
}

interface Options {
  readonly count: number;
  /** Similar pairs that are kept at most. More, and the clusters are found without, in little memory and more time. */
  readonly edgeBudget?: number;
}

interface House extends Required<Options> {
  crew: Worker[];
  isClosed: boolean;
}

async function runJob(house: House, job: ClusteringJob, signal?: AbortSignal): Promise<Clustered> {
  signal?.throwIfAborted();
  if (house.isClosed)
    throw new OpsError('unavailable', 'the clustering threads are closed: start the job elsewhere');
  checkOptions(job.options);
  if (house.crew.length === 0) house.crew = Array.from({ length: house.count }, startThread);
  const stop = () => void dismiss(house);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await clusterWith(house, { ...job, values: shared(job.values) });
  } catch (error) {
    // Whatever the other threads of the job still do is in vain, and one that failed answers no more.
    await dismiss(house);
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

function startThread(): Worker {
  const worker = new Worker(new URL('./thread.ts', import.meta.url));
  // An idle thread keeps no process alive.
  worker.unref();
  return worker;
}

async function dismiss(house: House): Promise<void> {
  const crew = house.crew.splice(0);
  await Promise.all(crew.map((worker) => worker.terminate()));
}

async function clusterWith({ crew, edgeBudget }: House, job: ClusteringJob): Promise<Clustered> {
  const [first] = crew;
  if (first === undefined) throw new OpsError('internal', 'there is no clustering thread');
  if (job.strategy !== 'agglomerative' || job.ids.length <= alone || crew.length === 1)
    return clusteredFrom(await ask(first, { kind: 'run', job, edgeBudget }));
  const parts = await joinTogether(crew, job, edgeBudget);
  return clusteredFrom(await ask(first, { kind: 'merge', job, parts }, parts.flatMap(buffersOf)));
}

async function joinTogether(
  crew: readonly Worker[],
  job: ClusteringJob,
  edgeBudget: number,
): Promise<JoinedPart[]> {
  const share = {
    values: job.values,
    dimensions: job.dimensions,
    threshold: job.options.threshold,
    budget: Math.ceil(edgeBudget / crew.length),
    next: new Int32Array(new SharedArrayBuffer(4)),
  };
  const answers = await Promise.all(crew.map((worker) => ask(worker, { kind: 'join', share })));
  return answers.map((answer) => {
    if (answer.kind === 'joined') return answer.part;
    throw new OpsError('internal', `a clustering thread answered ${answer.kind} to a join`);
  });
}

function clusteredFrom(answer: Answer): Clustered {
  if (answer.kind === 'clustered') return answer.clustered;
  throw new OpsError('internal', `a clustering thread answered ${answer.kind} to a job`);
}

function shared(values: Float32Array): Float32Array {
  if (values.buffer instanceof SharedArrayBuffer) return values;
  const copy = sharedRows(values.length, 1);
  copy.set(values);
  return copy;
}
