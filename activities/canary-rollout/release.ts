import { activityInfo, cancellationSignal, sleep } from '@temporalio/activity';
import {
  openRolloutFacts,
  rolloutFacts,
  type Release,
  type RolloutFacts,
} from '../../db/canary-rollout/facts.ts';
import { forgetRelease, saveInstances } from '../../db/canary-rollout/release.ts';
import type { ReleaseInstance } from '../../db/schema.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Runtime } from '../../providers/runtime/runtime.ts';
import { waitFor, withHeartbeat } from '../shared/heartbeats.ts';
import type { CanaryRolloutTools } from './index.ts';
import { splitOf } from './split.ts';
import { towardsSafety } from '../shared/towards-safety.ts';
import type { OperationRef } from './types.ts';

const stopGraceMs = 10_000;

export function createReleaseActivities({ db, runtimes, probe, traffic }: CanaryRolloutTools) {
  /** Starts every instance of the version and waits until all are healthy. Throws `start-failed` or `unhealthy`. */
  async function bringUpRelease(input: OperationRef & { healthMs: number }): Promise<{ summary: string }> {
    const facts = await openRolloutFacts(db, input.operationId);
    const instances: ReleaseInstance[] = [];
    for (const id of instanceIds(facts)) {
      const spec = {
        id,
        project: facts.project,
        service: facts.service,
        version: facts.version,
        start: facts.canary.start,
      };
      const { address } = await runtimeOf(facts.canary).start(spec, cancellationSignal());
      instances.push({ id, address });
    }
    await saveInstances(db, facts, instances);
    const tookMs = await untilHealthy(facts, instances, input.healthMs);
    const where = instances.map((instance) => instance.address).join(', ');
    return { summary: `${facts.version} is healthy at ${where} after ${(tookMs / 1000).toFixed(1)} s` };
  }

  async function untilHealthy(
    facts: RolloutFacts,
    instances: ReleaseInstance[],
    healthMs: number,
  ): Promise<number> {
    const { path, timeoutMs } = facts.spec.health;
    // Attempts share one deadline, so that a crash of the worker does not grant a sick version more time than the plan says.
    const began = activityInfo().scheduledTimestampMs;
    let waiting = instances;
    for (;;) {
      const reasons: string[] = [];
      const sick: ReleaseInstance[] = [];
      for (const instance of waiting) {
        const status = await runtimeOf(facts.canary).inspect(instance.id);
        if (status.state !== 'running') throw exited(facts, instance, status);
        const health = await probe.check(instance.address, path, timeoutMs, cancellationSignal());
        if (!health.healthy) {
          sick.push(instance);
          reasons.push(`${instance.address}${path}: ${health.reason}`);
        }
      }
      waiting = sick;
      const tookMs = Date.now() - began;
      if (waiting.length === 0) return tookMs;
      if (tookMs > healthMs) {
        throw new OpsError(
          'unhealthy',
          `${facts.version} was not healthy within ${healthMs / 1000} s: ${reasons.join('; ')}`,
        );
      }
      await sleep(Math.min(250, healthMs));
    }
  }

  /** Takes the version off the proxy, stops its instances and gives the target up. Only after its traffic is proven to be gone. */
  async function removeRelease(
    input: OperationRef & { token: number; drainMs: number },
  ): Promise<{ summary: string }> {
    const facts = await rolloutFacts(db, input.operationId);
    const { operationId } = input;
    const target = targetOf(facts);
    const off = facts.canary;
    if (facts.status === 'closed') return { summary: 'the operation has ended: nothing is left of it' };
    if (facts.currentStable === off.version) {
      await traffic.release(target, operationId);
      return { summary: `${off.version} is the stable version and stays` };
    }
    const state = await traffic.read(target);
    const listed = state.split.servers.filter((server) => server.version === off.version);
    const isOthers = state.owner !== null && state.owner !== operationId;
    if (isOthers && listed.some((server) => server.weight > 0)) {
      // Somebody else owns the target now and has given this version traffic: it is theirs to remove.
      return { summary: `${off.version} is in use by another operation and stays` };
    }
    if (!isOthers && listed.length > 0) {
      const split = facts.stable === null ? emptySplit : splitOf({ ...facts, canary: null }, 0);
      // Towards stable only: neither an emergency stop nor a lost lease may keep a dead version on the proxy.
      const { token } = await traffic.restore(target, operationId, `${operationId}/remove`, split);
      await traffic.verify(target, token, verifyOptions(Math.max(input.drainMs, 5000)));
    }
    for (const id of await runningIds(facts)) await runtimeOf(off).stop(id, stopGraceMs);
    await forgetRelease(db, facts);
    await traffic.release(target, operationId);
    return { summary: `${off.version} is removed` };
  }

  async function runningIds(facts: RolloutFacts): Promise<string[]> {
    const known = new Set(instanceIds(facts));
    const existing = await runtimeOf(facts.canary).list(facts.project, facts.service);
    return existing.filter((id) => known.has(id));
  }

  function runtimeOf(release: Pick<Release, 'start'>): Runtime {
    return runtimes[release.start.runtime];
  }

  return {
    bringUpRelease: withHeartbeat(bringUpRelease),
    removeRelease: withHeartbeat(towardsSafety(removeRelease)),
  };
}

const emptySplit = { servers: [], stable: null, canary: null, leaseMs: null };

/** Ids are derived, so that a repeated start finds what an earlier attempt left behind. */
function instanceIds(facts: Pick<RolloutFacts, 'project' | 'service' | 'version' | 'spec'>): string[] {
  return Array.from({ length: facts.spec.instances }, (_, index) => `${instancePrefix(facts)}${index}`);
}

/** What the ids of all instances of a version begin with; a version may hold dots, so the last one counts. */
export function instancePrefix(release: Pick<RolloutFacts, 'project' | 'service' | 'version'>): string {
  return `${release.project}.${release.service}.${release.version}.`;
}

export function targetOf(facts: Pick<RolloutFacts, 'project' | 'service' | 'spec'>) {
  const { proxy, backend } = facts.spec.traffic;
  return { project: facts.project, service: facts.service, proxy, backend };
}

export function verifyOptions(timeoutMs: number) {
  return { timeoutMs, signal: cancellationSignal(), onProgress: waitFor };
}

function exited(
  facts: RolloutFacts,
  instance: ReleaseInstance,
  status: { state: string; lastOutput?: string },
): OpsError {
  const output = status.lastOutput ? `; its last output: ${endOf(status.lastOutput)}` : '';
  return new OpsError(
    'start-failed',
    `${facts.version} (${instance.id}) ended before it was healthy${output}`,
  );
}

/** Room for a message and the stack below it. */
const shownCharacters = 600;

/** The end of a text, from the beginning of a line where there is one. */
function endOf(text: string): string {
  if (text.length <= shownCharacters) return text;
  const end = text.slice(-shownCharacters);
  return end.slice(end.indexOf('\n') + 1);
}
