import { instancePrefix } from '../canary-rollout/release.ts';
import { audit } from '../../db/audit.ts';
import { servicesWithRuntimes, versionsInUse } from '../../db/canary-rollout/release.ts';
import type { Sweeper } from './sweeper.ts';

const stopGraceMs = 10_000;
/** An instance that belongs to nobody may belong to a rollout that is just being recorded: it is looked at twice. */
const sureAfterMs = 8000;
const firstSeen = new Map<string, number>();

/** Instances that no release in use and no open operation accounts for: started by a worker that had long been given up. */
export async function stopOrphans(sweeper: Sweeper): Promise<number> {
  const services = await servicesWithRuntimes(sweeper.db);
  let stopped = 0;
  await sweeper.each(
    ({ project, service }) => `instances of ${project}/${service}`,
    services,
    async (of) => {
      for (const runtime of of.runtimes) {
        const existing = await sweeper.runtimes[runtime].list(of.project, of.service);
        const inUse = await versionsInUse(sweeper.db, of.project, of.service);
        for (const id of existing) {
          if (!isSurelyNobodys(of, id, inUse)) continue;
          sweeper.log('an instance that belongs to nobody is stopped', { instance: id });
          await sweeper.runtimes[runtime].stop(id, stopGraceMs);
          await tell(sweeper, of, id);
          firstSeen.delete(id);
          stopped += 1;
        }
      }
    },
  );
  return stopped;
}

async function tell(
  { db }: Sweeper,
  { project, service }: { project: string; service: string },
  id: string,
): Promise<void> {
  const entry = { project, principal: 'holdfast', action: 'release.stop-orphan', subject: service };
  await audit(db, { ...entry, operationId: null, detail: { instance: id } });
}

function isSurelyNobodys(of: { project: string; service: string }, id: string, versions: string[]): boolean {
  const prefix = id.slice(0, id.lastIndexOf('.') + 1);
  const isUsed = versions.some((version) => instancePrefix({ ...of, version }) === prefix);
  if (isUsed) firstSeen.delete(id);
  if (isUsed) return false;
  const since = firstSeen.get(id) ?? Date.now();
  firstSeen.set(id, since);
  return Date.now() - since > sureAfterMs;
}
