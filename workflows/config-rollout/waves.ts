import { condition, patched } from '@temporalio/workflow';
import type { BakeWaveResult, WatchWaveResult } from '../../activities/config-rollout/types.ts';
import { ruleText } from '../../domain/config-rollout/texts.ts';
import { abortable, attend } from './attention.ts';
import { passWaveGate } from './gate.ts';
import { forward, records, watcher } from './hands.ts';
import { enter, noBake, show, tell, type Ending, type Run } from './run.ts';

/** A freeze window may be taken away or added meanwhile: it is looked at again this often. */
const lookAgainMs = 60_000;

/** Brings wave after wave to the revision. Answers how the rollout has to end, or null when all of them have it. */
export async function goThroughWaves(run: Run): Promise<Ending | null> {
  for (const [wave, { bakeMs }] of run.input.plan.waves.entries()) {
    const ending =
      (await passWindow(run)) ??
      (await passWaveGate(run, wave)) ??
      (await passPauses(run, wave)) ??
      (await bring(run, wave)) ??
      (await bake(run, wave, bakeMs));
    if (ending !== null) return ending;
  }
  return null;
}

/** No wave begins in a freeze window, unless whoever started it said otherwise. */
async function passWindow(run: Run): Promise<Ending | null> {
  const { operationId, mode, ignoreFreeze } = run.input;
  if (mode === 'rollback' || ignoreFreeze) return null;
  for (let isTold = false; ; isTold = true) {
    if (run.wish.abort !== null) return run.wish.abort;
    const frozen = await records.lookAtFreeze({ operationId });
    if (frozen === null) return null;
    const until = new Date(Date.now() + frozen.leftMs).toISOString();
    enter(run, 'waiting-for-window', { waitingFor: `the end of a freeze at ${until}` });
    if (!isTold) await tell(run, 'freeze.began', `frozen until ${until}: ${frozen.reason}`);
    await condition(() => run.wish.abort !== null, Math.max(1, Math.min(frozen.leftMs, lookAgainMs)));
  }
}

/** While people were asked, or had it paused, a freeze may have begun; while that was waited for, somebody may have paused it again. */
async function passPauses(run: Run, wave: number): Promise<Ending | null> {
  const isAsked = run.input.plan.waves[wave]?.approval != null;
  for (let hasWaited = isAsked || run.state.isPaused; ; hasWaited = run.state.isPaused) {
    const ending = await passPause(run);
    if (ending !== null || !hasWaited || !patched('freeze-after-waiting')) return ending;
    const frozen = await passWindow(run);
    if (frozen !== null || !run.state.isPaused) return frozen;
  }
}

async function passPause(run: Run): Promise<Ending | null> {
  if (run.state.isPaused) {
    enter(run, 'paused', { waitingFor: 'resume' });
    await condition(() => !run.state.isPaused || run.wish.abort !== null);
  }
  return run.wish.abort;
}

/** A wave is applied only when every one of its proxies answers the hash itself. */
async function bring(run: Run, wave: number): Promise<Ending | null> {
  const { operationId, plan } = run.input;
  enter(run, 'applying', { wave, counts: null, lastCheck: null });
  // From here on there may be something to undo, whatever becomes of the answer.
  run.ordered = wave;
  const { sequence, proxies } = await abortable(run, () => forward.orderWave({ operationId, wave }));
  [run.sequence, run.proxies] = [sequence, proxies];
  const rule = plan.waves[wave]?.rule;
  const whom = rule === undefined ? '' : ` (${ruleText(rule)})`;
  await tell(run, 'wave.ordered', `wave ${wave + 1}${whom}: order ${sequence} to ${proxies} proxies`, {
    ...{ wave, sequence, proxies },
  });
  const seen = await prove(run, wave, sequence);
  if (seen.kind === 'interrupted') return run.wish.abort;
  run.state = { ...run.state, counts: seen.counts };
  if (seen.kind === 'failed') return { outcome: 'rolled-back', reason: `wave ${wave + 1}: ${seen.reason}` };
  await tell(run, 'wave.proven', `wave ${wave + 1}: ${seen.summary}`, { wave, counts: seen.counts });
  return null;
}

/** Only an abort ends it: what is ordered is on its way. */
async function prove(run: Run, wave: number, sequence: number): Promise<WatchWaveResult> {
  const { operationId, plan } = run.input;
  const watch = { operationId, wave, sequence, plan, way: 'forth' } as const;
  const { answer } = await attend(
    () => watcher.watchWave(watch),
    () => run.wish.abort !== null,
  );
  return answer ?? { kind: 'interrupted' };
}

/** Time passes while the checks do; a pause stops the time and not the checks. */
async function bake(run: Run, wave: number, bakeMs: number): Promise<Ending | null> {
  run.bake = noBake;
  run.wish.skipBake = false;
  // Of a wave that has nobody, as small percentages of a small fleet have, there is nothing to watch.
  if (bakeMs === 0 || run.proxies === 0) return run.wish.abort;
  enter(run, 'baking');
  await tell(run, 'bake.began', `wave ${wave + 1} bakes`, { wave, bakeMs });
  for (;;) {
    if (run.wish.abort !== null) return run.wish.abort;
    if (run.wish.skipBake && !run.state.isPaused) return null;
    const phase = run.state.isPaused ? 'paused' : 'baking';
    if (phase !== run.state.phase) enter(run, phase, { waitingFor: run.state.isPaused ? 'resume' : null });
    const seen = await look(run, wave, run.state.isPaused ? null : bakeMs);
    if (seen === null || seen.kind === 'interrupted') continue;
    if (seen.kind === 'failed')
      return { outcome: 'rolled-back', reason: `wave ${wave + 1} at its checks: ${seen.reason}` };
    // A person said stop just before it was over: it is not over until they let it go.
    if (run.state.isPaused) continue;
    await tell(run, 'wave.baked', `wave ${wave + 1}: ${seen.lastCheck?.explanation ?? 'baked'}`, {
      ...{ wave, check: seen.lastCheck },
    });
    return null;
  }
}

/** The state of the checks goes on in `run.bake`; null when nothing was heard of them. */
async function look(run: Run, wave: number, bakeMs: number | null): Promise<BakeWaveResult | null> {
  const { operationId, plan } = run.input;
  const { sequence, bake: state } = run;
  run.wish.changed = false;
  const { answer } = await attend(
    () => watcher.bakeWave({ operationId, wave, sequence, plan, bakeMs, state }),
    () => run.wish.changed || run.wish.abort !== null,
  );
  if (answer === null) return null;
  run.bake = answer.state;
  const { lastCheck, counts } = answer;
  run.state = {
    ...run.state,
    lastCheck: lastCheck ?? run.state.lastCheck,
    counts: counts ?? run.state.counts,
  };
  show(run);
  return answer;
}
