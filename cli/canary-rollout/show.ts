import type { CanaryRollout } from '../../contracts/canary-rollout.ts';
import type { Cli } from '../context.ts';
import { integerOf } from '../flags.ts';
import { table } from '../table.ts';
import { rolloutText } from './render.ts';
import { findTarget, type TargetFlags } from './target.ts';

interface ListFlags {
  readonly service?: string;
  readonly status?: string;
  readonly limit: string;
}

export async function showCanary(cli: Cli, [service]: readonly string[], flags: TargetFlags): Promise<void> {
  const rollout = await findTarget(cli, service, flags);
  cli.out.data(rollout, () => rolloutText(rollout));
}

export async function listCanaries(cli: Cli, _args: readonly string[], flags: ListFlags): Promise<void> {
  const { service, status } = flags;
  const query = { service, status, limit: integerOf('--limit', flags.limit) };
  const { items } = await cli.api.get<{ items: CanaryRollout[] }>(cli.path('canary-rollouts'), query);
  cli.out.data(items, () =>
    items.length === 0
      ? 'no rollouts'
      : table([
          ['ID', 'SERVICE', 'FROM', 'TO', 'STATUS', 'PHASE', 'WEIGHT', 'OUTCOME'],
          ...items.map((rollout) => [
            rollout.id,
            rollout.service,
            (rollout.kind === 'rollback' ? rollout.version : rollout.stableVersion) ?? '-',
            (rollout.kind === 'rollback' ? rollout.stableVersion : rollout.version) ?? '-',
            rollout.status,
            rollout.state.phase,
            `${rollout.state.weight} %`,
            rollout.state.outcome ?? '-',
          ]),
        ]),
  );
}
