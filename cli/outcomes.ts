import type { CanaryRollout } from '../contracts/canary-rollout.ts';
import type { Operation } from '../contracts/operation.ts';
import type { Cli } from './context.ts';

/** The outcomes that a run of this kind was started for. */
export async function wantedOutcomes(cli: Cli, operation: Operation): Promise<readonly string[]> {
  if (operation.kind === 'config-rollout') return configWanted;
  if (operation.outcome !== 'rolled-back') return ['promoted'];
  const rollout = await cli.api.get<CanaryRollout>(cli.path(`canary-rollouts/${operation.id}`));
  return wantedOf(rollout.kind);
}

export function wantedOf(kind: CanaryRollout['kind']): readonly string[] {
  return kind === 'rollback' ? ['rolled-back'] : ['promoted'];
}

/** A rollout of a configuration that goes back to an earlier revision completes like any other. */
export const configWanted: readonly string[] = ['completed'];
