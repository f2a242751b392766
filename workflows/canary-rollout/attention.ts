import { ActivityFailure, CancellationScope, condition, TimeoutFailure } from '@temporalio/workflow';
import type { WatchResult } from '../../activities/canary-rollout/types.ts';
import type { WatchState } from '../../domain/canary-rollout/watch.ts';
import { watcher } from './hands.ts';
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

export type Attention = WatchResult | { readonly kind: 'woken' } | { readonly kind: 'timed-out' };

/**
 * Watches the canary until the watch has something to say, somebody wants something (`wake`), or the time is over. The judge's
 * memory goes on in `run.watch`. An abort does not wait for the watch to end: the canary comes off first.
 */
export async function watchUntil(
  run: Run,
  soakMs: number | null,
  wake: () => boolean,
  timeoutMs: number,
): Promise<Attention> {
  const { operationId, plan } = run.input;
  const { token, watch: state } = run;
  const { muted } = run.state;
  const scope = new CancellationScope();
  const guard = new CancellationScope();
  let lookUp: 'woken' | 'timed-out' | null = null;
  const watching = scope.run(() => watcher.watchRollout({ operationId, token, plan, soakMs, state, muted }));
  const waiting = guard
    .run(() => condition(wake, timeoutMs, { summary: `longest time for: ${run.state.phase}` }))
    .then(
      (woken) => {
        lookUp = woken ? 'woken' : 'timed-out';
        scope.cancel();
      },
      () => undefined,
    );
  try {
    await Promise.race([watching, waiting]);
    if (run.wish.abort !== null) {
      watching.catch(() => undefined);
      return { kind: 'woken' };
    }
    const seen = await watching.catch((error: unknown) =>
      lastWordOf(error, { state, isCalledOff: lookUp !== null }),
    );
    return remember(run, pardon(run, muted, state, seen), lookUp);
  } finally {
    guard.cancel();
  }
}

/**
 * A watch that was called off is not tried again when its worker dies before it has answered: its last heartbeat says as much as the
 * answer would have. Any other failure stays one.
 */
function lastWordOf(error: unknown, watch: { state: WatchState; isCalledOff: boolean }): WatchResult {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (!watch.isCalledOff || !(cause instanceof TimeoutFailure)) throw error;
  const heard = cause.lastHeartbeatDetails as Pick<WatchResult, 'state' | 'lastCheck'> | undefined;
  return { kind: 'interrupted', state: heard?.state ?? watch.state, lastCheck: heard?.lastCheck ?? null };
}

/** What failed before a mute arrived at the watch does not count any more: the next watch knows better. */
function pardon(
  run: Run,
  muted: Run['state']['muted'],
  before: WatchState,
  result: WatchResult,
): WatchResult {
  if (result.kind !== 'failed' || run.state.muted === muted) return result;
  const state = { ...result.state, failures: before.failures };
  return { kind: 'interrupted', state, lastCheck: result.lastCheck };
}

function remember(run: Run, result: WatchResult, lookUp: 'woken' | 'timed-out' | null): Attention {
  run.watch = result.state;
  if (result.lastCheck !== null) run.state = { ...run.state, lastCheck: result.lastCheck };
  return result.kind === 'interrupted' && lookUp !== null ? { kind: lookUp } : result;
}
