import {
  forgetRelease,
  releasesInService,
  releasesToRetire,
  saveInstances,
} from '../../db/canary-rollout/release.ts';
import type { ReleaseInstance } from '../../db/schema.ts';
import type { TrafficTarget } from '../../providers/traffic/traffic.ts';
import type { Sweeper } from './sweeper.ts';

const stopGraceMs = 10_000;
const startLimitMs = 20_000;
const verifyLimitMs = 15_000;

/** Stable and warm releases must run, also after a reboot: what is gone is started again, and the proxy hears of a new address. */
export async function keepReleases(sweeper: Sweeper): Promise<number> {
  const releases = await releasesInService(sweeper.db);
  let mended = 0;
  await sweeper.each(nameOf, releases, async (release) => {
    const instances: ReleaseInstance[] = [];
    for (const { id } of release.instances) {
      const { address, isNew } = await keepRunning(sweeper, release, id);
      instances.push({ id, address });
      if (isNew) mended += 1;
    }
    const moved = instances.some((instance, index) => instance.address !== release.instances[index]?.address);
    if (moved) await saveInstances(sweeper.db, release, instances);
    await tellProxy(sweeper, release, instances);
  });
  return mended;
}

type ReleaseInService = Awaited<ReturnType<typeof releasesInService>>[number];

async function keepRunning(
  { runtimes, log }: Sweeper,
  release: ReleaseInService,
  id: string,
): Promise<{ address: string; isNew: boolean }> {
  const runtime = runtimes[release.start.runtime];
  const status = await runtime.inspect(id);
  if (status.state === 'running') return { address: status.address, isNew: false };
  log('an instance in service was gone and is started again', { instance: id, state: status.state });
  const { address } = await runtime.start({ ...release, id }, AbortSignal.timeout(startLimitMs));
  return { address, isNew: true };
}

/** Nothing is raised by it, so it needs no owner, only that there is none; an open operation reads the new address by itself. */
async function tellProxy(
  { traffic }: Sweeper,
  release: ReleaseInService,
  instances: readonly ReleaseInstance[],
): Promise<void> {
  const target = targetOf(release);
  const { owner, split } = await traffic.read(target);
  if (owner !== null) return;
  const addresses = new Map(instances.map(({ address }, index) => [`${release.version}-${index}`, address]));
  const servers = split.servers.map((server) => ({
    ...server,
    address: addresses.get(server.name) ?? server.address,
  }));
  if (servers.every((server, index) => server.address === split.servers[index]?.address)) return;
  const changeId = `address/${[...addresses.values()].join('/')}`;
  const { token } = await traffic.restore(target, 'reconciliation', changeId, { ...split, servers });
  await traffic.verify(target, token, verifyOptions());
}

/** Releases whose warm window is over: off the proxy, proven, then stopped. */
export async function retireReleases(sweeper: Sweeper): Promise<number> {
  const due = await releasesToRetire(sweeper.db);
  return sweeper.each(nameOf, due, (release) => retire(sweeper, release));
}

async function retire(
  { db, traffic, runtimes }: Sweeper,
  release: Awaited<ReturnType<typeof releasesToRetire>>[number],
): Promise<void> {
  const target = targetOf(release);
  const { split } = await traffic.read(target);
  const servers = split.servers.filter((server) => server.version !== release.version);
  if (servers.length < split.servers.length) {
    const changeId = `retire/${release.version}`;
    const { token } = await traffic.restore(target, 'reconciliation', changeId, { ...split, servers });
    await traffic.verify(target, token, verifyOptions());
  }
  for (const { id } of release.instances) await runtimes[release.start.runtime].stop(id, stopGraceMs);
  await forgetRelease(db, release);
}

function targetOf({
  project,
  service,
  spec,
}: Pick<ReleaseInService, 'project' | 'service' | 'spec'>): TrafficTarget {
  return { project, service, proxy: spec.traffic.proxy, backend: spec.traffic.backend };
}

function verifyOptions() {
  const signal = AbortSignal.timeout(verifyLimitMs);
  return { timeoutMs: verifyLimitMs, signal, onProgress: () => undefined };
}

function nameOf({
  project,
  service,
  version,
}: Pick<ReleaseInService, 'project' | 'service' | 'version'>): string {
  return `release ${project}/${service} ${version}`;
}
