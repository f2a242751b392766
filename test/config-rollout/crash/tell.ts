import { askApi } from '../../../bench/ask-api.ts';
import type { ConfigRollout } from '../../../contracts/config-rollout.ts';
import { startPatiently, untilClosed, type CrashLane } from './crash-lane.ts';
import { judge } from './judge.ts';
import { spell, type Run } from './seeds.ts';
import { storyOf, type Story } from './stories.ts';
import { prepareStrike } from './strike.ts';

export interface Told {
  readonly run: Run;
  readonly told: string;
  readonly problems: readonly string[];
  readonly ms: number;
}

/** One run: a rollout in which something is killed and started again, and what of its end is wrong. */
export async function tell(lane: CrashLane, run: Run): Promise<Told> {
  const began = performance.now();
  const problems = await play(lane, run).catch((error: unknown) => [
    error instanceof Error ? (error.stack ?? error.message) : String(error),
  ]);
  return { run, told: spell(run), problems, ms: Math.round(performance.now() - began) };
}

async function play(lane: CrashLane, run: Run): Promise<string[]> {
  const { installation, live: before, previous } = lane;
  const story = storyOf(run.story, { port: installation.port, heldPort: lane.heldPort });
  const isBack = run.story === 'rollback';
  const asked = isBack ? previous : await lane.write(`seed ${run.seed}: ${run.story}`, story.fault);
  const failedBefore = lane.loads.map((load) => load.counts().failures.length);
  const strike = await prepareStrike(installation, run);
  lane.served.restart();

  let isOver = false;
  const striking = strike.begin(() => isOver);
  striking.catch(() => undefined);
  let ended: { operationId: string; outcome: string | null; summary: string };
  try {
    const operationId = await begin(lane, run, story);
    const steering = () => steer(lane, story, operationId);
    ended = { operationId, ...(await untilClosed(installation, operationId, steering)) };
  } finally {
    // Nothing may be on its way to life again when the lane is closed.
    isOver = true;
    await striking.catch(() => undefined);
  }
  const { operationId, outcome, summary } = ended;
  const hasStruck = await striking;

  const problems = await judge(lane, { story, operationId, outcome }, { before, asked });
  if (outcome !== story.outcome) problems.push(summary);
  if (!hasStruck) problems.push('the moment never came: nothing was killed');
  for (const [index, load] of lane.loads.entries())
    problems.push(
      ...load
        .counts()
        .failures.slice(failedBefore[index])
        .map((why) => `request failed: ${why}`),
    );
  for (const part of ['api', 'worker', 'postgres'] as const)
    if (installation[part].hasDied()) problems.push(`the ${part} ended by itself`);
  if (outcome === 'completed') [lane.live, lane.previous] = [asked, before];
  return problems;
}

function begin({ installation }: CrashLane, { story: name }: Run, { plan }: Story): Promise<string> {
  const { environment } = installation;
  if (name !== 'rollback') return startPatiently(installation, '/config-rollouts', { environment, plan });
  const reason = 'as the story goes';
  return startPatiently(installation, `/environments/${environment}/config/rollback`, { reason });
}

/** What people do in it; repeated, and whoever hears it may be dead. */
async function steer({ installation }: CrashLane, { abortAt }: Story, operationId: string): Promise<void> {
  if (abortAt === undefined) return;
  const { access } = installation;
  const route = `/config-rollouts/${operationId}`;
  const { state } = await askApi<ConfigRollout>(access, { method: 'GET', route });
  if (state.phase !== 'baking' || state.wave !== abortAt) return;
  const body = { kind: 'abort', revision: state.revision, reason: 'as the story goes' };
  await askApi(access, { method: 'POST', route: `${route}/commands`, body });
}
