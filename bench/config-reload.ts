import { setTimeout as sleep } from 'node:timers/promises';
import { startClosedLoop, type LoopCounts, type LoopMode } from './config-reload/closed-loop.ts';
import { startProxy, until, type BenchProxy } from './config-reload/proxy.ts';
import { quantile } from './statistics.ts';

/** Without it HAProxy closes idle connections at a reload while clients may be using them. */
const hitless = ['option idle-close-on-response'];
const requestsPerReload = 10_000;
const burstLength = 20;
const staleMs = 2000;

interface Options {
  /** Under each kind of load; at least 10,000 requests come with each. */
  readonly reloads: number;
  readonly note: (text: string) => void;
}

/**
 * Reloads by the agent under load, beside control runs with HAProxy's defaults and the bare signal; then revisions in quick
 * succession, where the newest of each burst must be live in time.
 */
export async function configReload({ reloads, note }: Options) {
  const keepAlive = await underLoad('keep-alive', reloads, note);
  const oneShot = await underLoad('one-shot', reloads, note);
  const controlKeepAlive = await controlRun('keep-alive', reloads, note);
  const controlOneShot = await controlRun('one-shot', reloads, note);
  const revisions = await quickRevisions(reloads * 10, note);
  return {
    keep_alive: keepAlive,
    one_shot: oneShot,
    failed: keepAlive.failed + oneShot.failed,
    control_keep_alive: controlKeepAlive,
    control_one_shot: controlOneShot,
    revisions,
    stale_ends: revisions.stale_ends,
  };
}

async function underLoad(mode: LoopMode, reloads: number, note: Options['note']) {
  const proxy = await startProxy({ isAgentStarted: true, options: hitless });
  try {
    const startedAt = performance.now();
    const load = startClosedLoop(proxy.port, mode);
    const times: number[] = [];
    while (times.length < reloads || load.counts().requests < reloads * requestsPerReload) {
      times.push(await applyOne(proxy, `${mode} ${times.length}`));
      await pace(load.counts, times.length);
      if (times.length % 25 === 0) note(`${mode}: ${times.length} reloads, ${JSON.stringify(load.counts())}`);
    }
    const counts = await load.stop();
    return {
      ...figuresOf(counts, startedAt),
      reloads: times.length,
      offered_to_proven_p50_ms: quantile(times, 0.5),
      offered_to_proven_p99_ms: quantile(times, 0.99),
      offered_to_proven_max_ms: quantile(times, 1),
    };
  } finally {
    await proxy.close();
  }
}

/** Keeps reloads evenly among the requests, so that the load sees all of them. */
async function pace(counts: () => LoopCounts, reloads: number): Promise<void> {
  await until(() => counts().requests >= (reloads - 1) * requestsPerReload, 60_000);
}

/** Milliseconds from the offer to the report that HAProxy serves it. */
async function applyOne({ plane, bundle }: BenchProxy, text: string): Promise<number> {
  const offered = bundle(text);
  const offeredAt = performance.now();
  plane.offer(offered);
  await until(() => {
    const last = plane.reports.at(-1);
    const isEnded = last?.attempted?.sequence === offered.sequence && last.outcome !== null;
    if (isEnded && last.outcome !== 'proven') throw new Error(`it was ${last.outcome}: ${last.failure}`);
    return isEnded;
  });
  return performance.now() - offeredAt;
}

/** The same load without the one line of configuration, reloaded as scripts do: the run that shows that failures are seen. */
async function controlRun(mode: LoopMode, reloads: number, note: Options['note']) {
  const proxy = await startProxy({ isAgentStarted: false, options: [] });
  try {
    const startedAt = performance.now();
    const load = startClosedLoop(proxy.port, mode);
    let lost = 0;
    for (let round = 1; round <= reloads; round += 1) {
      const text = `control ${round}`;
      proxy.reloadNaively(text);
      await sleep(200);
      if ((await proxy.answer().catch(() => '')) !== text) lost += 1;
      await pace(load.counts, round);
    }
    const counts = await load.stop();
    note(`control, ${mode}: ${JSON.stringify(counts)}`);
    return { ...figuresOf(counts, startedAt), reloads, reasons: counts.reasons, not_live_after_200_ms: lost };
  } finally {
    await proxy.close();
  }
}

async function quickRevisions(revisions: number, note: Options['note']) {
  const proxy = await startProxy({ isAgentStarted: true, options: hitless });
  try {
    const liveAfter: number[] = [];
    let staleEnds = 0;
    for (let burst = 0; burst * burstLength < revisions; burst += 1) {
      const ms = await oneBurst(proxy, burst);
      if (ms === null) staleEnds += 1;
      else liveAfter.push(ms);
    }
    note(`revisions: ${revisions} offered, ${staleEnds} stale ends`);
    return {
      offered: revisions,
      bursts: Math.ceil(revisions / burstLength),
      stale_ends: staleEnds,
      last_offer_to_live_p50_ms: quantile(liveAfter, 0.5),
      last_offer_to_live_max_ms: quantile(liveAfter, 1),
    };
  } finally {
    await proxy.close();
  }
}

/** Milliseconds from the last offer of a burst until traffic gets it; null when it does not in time. */
async function oneBurst(proxy: BenchProxy, burst: number): Promise<number | null> {
  let text = '';
  for (let index = 0; index < burstLength; index += 1) {
    if (index > 0) await sleep(1 + Math.random() * 199);
    text = `revision ${burst}-${index}`;
    proxy.plane.offer(proxy.bundle(text));
  }
  const offeredAt = performance.now();
  const isLive = async (): Promise<boolean> => (await proxy.answer().catch(() => '')) === text;
  return until(isLive, staleMs).then(
    () => performance.now() - offeredAt,
    () => null,
  );
}

function figuresOf(counts: LoopCounts, startedAt: number) {
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    requests: counts.requests,
    failed: counts.failed,
    requests_per_s: Math.round(counts.requests / seconds),
  };
}
