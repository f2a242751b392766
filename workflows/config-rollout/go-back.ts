import { shortRevision } from '../../domain/config-rollout/texts.ts';
import { safety, watcher } from './hands.ts';
import { tell, type Ending, type Run } from './run.ts';

/**
 * The way back is a phase of its own: the newest wave first, no bake, at most once, proven by hash. Answers how the rollout ended, with
 * what is not proven to be back.
 */
export async function goBack(run: Run, ending: Ending): Promise<Ending> {
  if (run.ordered < 0) return ending;
  const faults: string[] = [];
  for (let wave = run.ordered; wave >= 0; wave -= 1) faults.push(...(await bringBack(run, wave)));
  const { base } = run.input;
  const to = base === null ? 'the file of each operator' : shortRevision(base);
  if (faults.length === 0) return { ...ending, reason: `${ending.reason}; every proxy is back on ${to}` };
  return {
    outcome: 'failed',
    reason: `${ending.reason}; NOT every proxy is back on ${to}: ${faults.join('; ')}`,
  };
}

async function bringBack(run: Run, wave: number): Promise<string[]> {
  const { operationId, plan } = run.input;
  const { sequence, proxies } = await safety.orderWaveBack({ operationId, wave });
  run.state = { ...run.state, wave };
  const detail = { wave, sequence, proxies };
  await tell(run, 'wave.ordered-back', `wave ${wave + 1}: order ${sequence} to ${proxies} proxies`, detail);
  const seen = await watcher.watchWave({ operationId, wave, sequence, plan, way: 'back' });
  if (seen.kind === 'interrupted') return [`wave ${wave + 1} was not watched`];
  run.state = { ...run.state, counts: seen.counts };
  const isBack = seen.kind === 'proven';
  const said = isBack ? seen.summary : seen.reason;
  await tell(run, isBack ? 'wave.back' : 'wave.not-back', `wave ${wave + 1}: ${said}`, {
    ...{ wave, counts: seen.counts },
  });
  return isBack ? [] : [`wave ${wave + 1}: ${said}`];
}
