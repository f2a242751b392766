import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { setTimeout as delay } from 'node:timers/promises';
import type { WaveCounts } from '../../contracts/config-rollout.ts';
import { configRolloutFacts } from '../../db/config-rollout/facts.ts';
import { isHearing } from '../../db/config-rollout/hearing.ts';
import { refuseForthWhileStopped } from '../../db/config-rollout/refuse-stopped.ts';
import { countWave, failuresOf } from '../../db/config-rollout/standing.ts';
import { wayBackVerdict, waveVerdict, type WaveVerdict } from '../../domain/config-rollout/wave-progress.ts';
import { interruptedBy } from '../shared/interrupted.ts';
import type { ConfigRolloutTools } from './index.ts';
import type { WatchWaveInput, WatchWaveResult } from './types.ts';

const lookMs = 200;
/** Proxies that fall silent over an order again and again, as when it takes their hosts down, have no more than so many times the time. */
const mostReturns = 3;

interface Progress {
  /** For how long proxies that are heard have not decided; time without a worker, or in which none could be heard, does not count. */
  readonly elapsedMs: number;
  /** The same over all silences between; not told by older versions. */
  readonly pendingMs?: number;
  readonly counts: WaveCounts;
  readonly note: string;
}

export function createWaveWatch({ db }: Pick<ConfigRolloutTools, 'db'>) {
  /**
   * Counts what the agents of a wave report until it is decided. History holds one answer, however many proxies there are; heartbeats
   * show how far it is. Throws `stopped` once an emergency stop of the project holds, on the way forth.
   */
  async function watchWave(input: WatchWaveInput): Promise<WatchWaveResult> {
    const resumed = activityInfo().heartbeatDetails as Progress | undefined;
    let elapsedMs = resumed?.elapsedMs ?? 0;
    let pendingMs = resumed?.pendingMs ?? 0;
    let last = performance.now();
    const facts = await configRolloutFacts(db, input.operationId);
    for (;;) {
      const now = performance.now();
      const { silentAfterMs, decide } = rulesOf(input);
      const [counts, isHeard] = await Promise.all([
        countWave(db, { ...input, silentAfterMs, isBaking: false }),
        isHearing(db),
        input.way === 'forth' ? refuseForthWhileStopped(db, facts) : null,
      ]);
      // Who comes back after a silence that was waited for has as much time as the others had.
      const isOpen = counts.pending > 0 || counts.failed > 0;
      const passedMs = isOpen && isHeard ? now - last : 0;
      last = now;
      elapsedMs = isOpen ? elapsedMs + passedMs : 0;
      pendingMs += passedMs;
      const verdict = decide(counts, Math.max(elapsedMs, pendingMs / mostReturns));
      const note = isHeard ? noteOf(verdict) : 'no API listens to agents: time stands still';
      heartbeat({ elapsedMs, pendingMs, counts, note } satisfies Progress);
      if (verdict.kind === 'proven') return { ...verdict, counts };
      if (verdict.kind === 'failed')
        return { ...verdict, reason: await explain(input, verdict.reason), counts };
      await delay(lookMs, undefined, { signal: cancellationSignal() }).catch(() => undefined);
      if (interruptedBy(cancellationSignal())) return { kind: 'interrupted' };
    }
  }

  async function explain({ operationId, wave, sequence }: WatchWaveInput, reason: string): Promise<string> {
    const failures = await failuresOf(db, { operationId, wave, sequence });
    const told = failures.map(
      ({ proxy, outcome, failure }) => `${proxy} ${outcome}: ${failure ?? 'no reason'}`,
    );
    return [reason, ...told].join('; ').slice(0, 1500);
  }

  return { watchWave };
}

function rulesOf({ plan, way }: WatchWaveInput): {
  silentAfterMs: number;
  decide(counts: WaveCounts, elapsedMs: number): WaveVerdict;
} {
  const silentAfterMs = plan.partition.afterMs;
  return way === 'forth'
    ? { silentAfterMs, decide: (counts, elapsedMs) => waveVerdict(plan, counts, elapsedMs) }
    : { silentAfterMs, decide: (counts, elapsedMs) => wayBackVerdict(counts, elapsedMs, plan.applyMs) };
}

function noteOf(verdict: WaveVerdict): string {
  switch (verdict.kind) {
    case 'wait':
      return verdict.why;
    case 'proven':
      return verdict.summary;
    case 'failed':
      return verdict.reason;
  }
}
