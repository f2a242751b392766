import {
  ActivityFailure,
  CancellationScope,
  condition,
  patched,
  sleep,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { Run } from './run.ts';

/** Does some work that an abort interrupts. */
export async function abortable<T>(run: Run, work: () => Promise<T>): Promise<T> {
  const scope = new CancellationScope();
  const guard = new CancellationScope();
  guard
    .run(() => condition(() => run.wish.abort !== null))
    .then(
      () => scope.cancel(),
      () => undefined,
    );
  try {
    return await scope.run(work);
  } finally {
    guard.cancel();
  }
}

/** `isCalledOff`: somebody wanted something first. A watch that is called off answers what it has seen; null: it or its worker failed before. */
export interface Seen<T> {
  readonly answer: T | null;
  readonly isCalledOff: boolean;
}

/** Waits for the answer of a watch, or until `wake` holds. */
export async function attend<T>(watch: () => Promise<T>, wake: () => boolean): Promise<Seen<T>> {
  const scope = new CancellationScope();
  const guard = new CancellationScope();
  let isCalledOff = false;
  const watching = scope.run(watch);
  const waiting = guard
    .run(() => condition(wake))
    .then(
      () => {
        isCalledOff = true;
        scope.cancel();
      },
      () => undefined,
    );
  try {
    await Promise.race([watching, waiting]);
    const answer = await watching.catch((error: unknown) => {
      if (isCalledOff && (isTimeout(error) || isOfNoMatter(error))) return null;
      throw error;
    });
    return { answer, isCalledOff };
  } finally {
    guard.cancel();
  }
}

/** Cancels what `work` does once the time is over, unless it is done before. */
export async function withDeadline<T>(ms: number, onOver: () => void, work: () => Promise<T>): Promise<T> {
  const timer = new CancellationScope();
  timer.run(() => sleep(ms, { summary: 'deadline of the whole rollout' })).then(onOver, () => undefined);
  try {
    return await work();
  } finally {
    timer.cancel();
  }
}

/** A watch that failed in the moment in which it was called off is not tried again: what it saw is seen by the next one. */
function isOfNoMatter(error: unknown): boolean {
  return error instanceof ActivityFailure && patched('failed-when-called-off');
}

function isTimeout(error: unknown): boolean {
  return error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;
}
