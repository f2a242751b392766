import {
  forgetRelease,
  releasesInService,
  releasesToRetire,
  saveInstances,
} from '../../db/canary-rollout/release.ts';
import type { ReconciliationTools } from '../reconciliation.ts';

const stopGraceMs = 10_000;

/** Stable and warm releases must run, also after a reboot: what is gone is started again, at its old address where it can be. */
export async function keepReleases({ db, runtimes, log }: ReconciliationTools): Promise<number> {
  let restarted = 0;
  for (const release of await releasesInService(db)) {
    const runtime = runtimes[release.start.runtime];
    const instances = [];
    for (const instance of release.instances) {
      const status = await runtime.inspect(instance.id);
      if (status.state === 'running') {
        instances.push({ id: instance.id, address: status.address });
        continue;
      }
      log('an instance in service was gone and is started again', {
        instance: instance.id,
        state: status.state,
      });
      const { address } = await runtime.start({ ...release, id: instance.id }, AbortSignal.timeout(20_000));
      instances.push({ id: instance.id, address });
      restarted += 1;
    }
    const moved = instances.some((instance, index) => instance.address !== release.instances[index]?.address);
    if (moved) await saveInstances(db, release, instances);
  }
  return restarted;
}

/** Releases whose warm window is over: off the proxy, proven, then stopped. */
export async function retireReleases({ db, traffic, runtimes }: ReconciliationTools): Promise<number> {
  const due = await releasesToRetire(db);
  for (const release of due) {
    const { proxy, backend } = release.spec.traffic;
    const target = { project: release.project, service: release.service, proxy, backend };
    const state = await traffic.read(target);
    const owner = `retire/${release.version}`;
    if (state.split.servers.some((server) => server.version === release.version)) {
      const { token } = await traffic.acquire(target, owner);
      const servers = state.split.servers.filter((server) => server.version !== release.version);
      const changeId = `${owner}/${token}`;
      const change = await traffic.setSplit({
        target,
        owner,
        token,
        changeId,
        split: { ...state.split, servers },
      });
      const options = { timeoutMs: 15_000, signal: AbortSignal.timeout(15_000), onProgress: () => undefined };
      await traffic.verify(target, change.token, options);
      await traffic.release(target, owner);
    }
    for (const instance of release.instances)
      await runtimes[release.start.runtime].stop(instance.id, stopGraceMs);
    await forgetRelease(db, release);
  }
  return due.length;
}
