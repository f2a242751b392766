import type { ConfigRollout } from '../../contracts/config-rollout.ts';
import type { Cli } from '../context.ts';
import { integerOf } from '../flags.ts';
import { firstOf } from '../pages.ts';
import { table } from '../table.ts';
import type { EnvironmentFlags } from './environment.ts';
import { rolloutText, wayOf } from './rollout-text.ts';
import { findTarget } from './target.ts';

export async function showStatus(cli: Cli, [id]: readonly string[], flags: EnvironmentFlags): Promise<void> {
  const rollout = await findTarget(cli, id, flags);
  cli.out.data(rollout, () => rolloutText(rollout));
}

interface ListFlags extends EnvironmentFlags {
  readonly status?: string;
  readonly limit: string;
}

/** Of every environment unless --env names one. */
export async function listRollouts(cli: Cli, _args: readonly string[], flags: ListFlags): Promise<void> {
  const limit = integerOf('--limit', flags.limit);
  const query = { environment: flags.env, status: flags.status };
  const items = await firstOf<ConfigRollout>(cli, cli.path('config-rollouts'), limit, query);
  cli.out.data(items, () =>
    items.length === 0
      ? 'no rollouts'
      : table([
          ['ID', 'ENVIRONMENT', 'KIND', 'REVISIONS', 'STATUS', 'PHASE', 'WAVE', 'OUTCOME'],
          ...items.map((rollout) => [
            ...[rollout.id, rollout.environment, rollout.kind, wayOf(rollout), rollout.status],
            ...[rollout.state.phase, waveOf(rollout), rollout.state.outcome ?? '-'],
          ]),
        ]),
  );
}

function waveOf({ state, plan }: ConfigRollout): string {
  return `${Math.max(0, state.wave + 1)} of ${plan.waves.length}`;
}
