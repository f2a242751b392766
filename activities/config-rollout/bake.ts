import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConfigPlan } from '../../contracts/config-plan.ts';
import { configRolloutFacts } from '../../db/config-rollout/facts.ts';
import { isHearing } from '../../db/config-rollout/hearing.ts';
import { refuseForthWhileStopped } from '../../db/config-rollout/refuse-stopped.ts';
import {
  noTraffic,
  probeAddresses,
  proxiesWithoutData,
  trafficBefore,
  waveTraffic,
} from '../../db/config-rollout/traffic.ts';
import { countWave } from '../../db/config-rollout/standing.ts';
import {
  bakeTick,
  type BakeState,
  type WaveFacts,
  type WaveTraffic,
} from '../../domain/config-rollout/bake.ts';
import { OpsError } from '../../domain/errors.ts';
import { interruptedBy } from '../shared/interrupted.ts';
import type { ConfigRolloutTools } from './index.ts';
import type { BakeWaveInput, BakeWaveResult } from './types.ts';

const beatMs = 1000;
const probeLimitMs = 3000;
/** Far more than a look at thousands of proxies takes. */
const lookLimitMs = 30_000;
/** What came before an order hardly changes. */
const beforeLastsMs = 60_000;
/** A wave of thousands is not asked one by one. */
const probesAtMost = 20;

type Progress = Pick<BakeWaveResult, 'state' | 'lastCheck' | 'counts'>;

export function createBake({ db, probe }: Pick<ConfigRolloutTools, 'db' | 'probe'>) {
  /**
   * Looks at a wave that runs the revision, at the interval of the plan, until it has baked or failed. Throws `stopped` once an emergency
   * stop of the project holds, and `unavailable` when a look takes too long, for another attempt to go on.
   */
  async function bakeWave(input: BakeWaveInput): Promise<BakeWaveResult> {
    const resumed = activityInfo().heartbeatDetails as Progress | undefined;
    let progress: Progress = resumed ?? { state: input.state, lastCheck: null, counts: null };
    const { project, mode } = await configRolloutFacts(db, input.operationId);
    const beating = setInterval(() => heartbeat(progress), beatMs);
    let last = performance.now();
    /** The time of the bake up to now, into the state; while no agent could be heard it does not pass. */
    const count = (isHeard: boolean): BakeState => {
      const now = performance.now();
      const passed = input.bakeMs !== null && isHeard ? now - last : 0;
      last = now;
      return { ...progress.state, elapsedMs: progress.state.elapsedMs + passed };
    };
    const before = createBefore(input);
    try {
      for (;;) {
        const looking = Promise.all([
          isHearing(db),
          look(input, before),
          refuseForthWhileStopped(db, { project, mode }),
        ]);
        const seen = await withinLimit(looking);
        if (seen === null) {
          progress = { ...progress, state: count(true) };
          heartbeat(progress);
          if (interruptedBy(cancellationSignal())) return { ...progress, kind: 'interrupted' };
          throw new OpsError('unavailable', `the database did not answer within ${lookLimitMs / 1000} s`);
        }
        const [isHeard, facts] = seen;
        progress = { ...progress, state: count(isHeard) };
        // A probe that was called off looks like one that failed: such a look says nothing.
        if (interruptedBy(cancellationSignal())) return { ...progress, kind: 'interrupted' };
        const bakeMs = input.bakeMs ?? Infinity;
        const { state, check, verdict } = bakeTick(input.plan, { ...progress.state, bakeMs }, facts);
        progress = { state, lastCheck: { at: new Date().toISOString(), ...check }, counts: facts.counts };
        heartbeat(progress);
        if (verdict === 'baked') return { ...progress, kind: 'baked' };
        if (verdict === 'failed') return { ...progress, kind: 'failed', reason: check.explanation };
        await pause(untilNext(input, state));
        if (interruptedBy(cancellationSignal()))
          return { ...progress, state: count(isHeard), kind: 'interrupted' };
      }
    } finally {
      clearInterval(beating);
    }
  }

  async function look(input: BakeWaveInput, before: () => Promise<WaveTraffic>): Promise<WaveFacts> {
    const silentAfterMs = input.plan.partition.afterMs;
    const [counts, traffic, earlier, withoutData, probeFaults] = await Promise.all([
      countWave(db, { ...input, silentAfterMs, isBaking: true }),
      waveTraffic(db, input),
      before(),
      proxiesWithoutData(db, input),
      askProbes(input),
    ]);
    return { counts, ...traffic, before: earlier, withoutData, probeFaults };
  }

  /** Asked for only where the plan compares with it, and once a minute. */
  function createBefore(input: BakeWaveInput): () => Promise<WaveTraffic> {
    const isCompared = input.plan.checks.limits.some(({ maxIncrease }) => maxIncrease !== null);
    let known: WaveTraffic | null = null;
    let knownAt = -Infinity;
    return async () => {
      if (!isCompared) return noTraffic;
      if (known !== null && performance.now() - knownAt < beforeLastsMs) return known;
      known = await trafficBefore(db, input);
      knownAt = performance.now();
      return known;
    };
  }

  async function askProbes({ plan, ...wave }: BakeWaveInput): Promise<string[]> {
    const { probe: asked } = plan.checks;
    if (asked === null) return [];
    const proxies = await probeAddresses(db, wave, probesAtMost);
    const faults = await Promise.all(proxies.map((proxy) => ask(asked, proxy)));
    return faults.filter((fault) => fault !== null);
  }

  async function ask(
    { port, path, host, status }: NonNullable<ConfigPlan['checks']['probe']>,
    { proxy, address }: { proxy: string; address: string | null },
  ): Promise<string | null> {
    if (address === null) return `${proxy} was enrolled without an address to probe`;
    const at = `${address.includes(':') ? `[${address}]` : address}:${port}`;
    const health = await probe.check(at, path, probeLimitMs, cancellationSignal(), { host, status });
    return health.healthy ? null : `${proxy}: ${health.reason}`;
  }

  return { bakeWave };
}

/**
 * A connection whose other end is gone may say nothing for a quarter of an hour. The heartbeat would go on meanwhile, and nobody would
 * look at the wave nor hear an abort. Answers null when it took too long.
 */
async function withinLimit<T>(looking: Promise<T>): Promise<T | null> {
  const limit = new AbortController();
  const late = delay(lookLimitMs, null, { signal: limit.signal });
  late.catch(() => undefined);
  looking.catch(() => undefined);
  try {
    return await Promise.race([looking, late]);
  } finally {
    limit.abort();
  }
}

/** Not later than the end of the bake. */
function untilNext({ plan, bakeMs }: BakeWaveInput, { elapsedMs }: BakeState): number {
  const left = bakeMs === null || elapsedMs >= bakeMs ? Infinity : bakeMs - elapsedMs;
  return Math.min(plan.checks.intervalMs, left);
}

async function pause(ms: number): Promise<void> {
  await delay(ms, undefined, { signal: cancellationSignal() }).catch(() => undefined);
}
