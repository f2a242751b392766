import { orphanTargets } from '../../db/reconciliation.ts';
import { safeServers } from '../../domain/safe-split.ts';
import type { Sweeper } from './sweeper.ts';

/** Targets whose owner has ended without giving them up: made safe and given up. */
export async function repairTargets({ db, traffic, each }: Sweeper): Promise<number> {
  const targets = await orphanTargets(db);
  return each(
    ({ proxy, backend }) => `target ${proxy}/${backend}`,
    targets,
    async (target) => {
      const owner = target.owner ?? '';
      const { servers, stable, canary } = target.split;
      const safe = { servers: safeServers(servers, stable, canary), stable, canary: null, leaseMs: null };
      await traffic.restore(target, owner, `${owner}/orphan`, safe);
      await traffic.release(target, owner);
    },
  );
}
