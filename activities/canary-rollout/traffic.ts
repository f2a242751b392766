import {
  openRolloutFacts,
  readRelease,
  rolloutFacts,
  type RolloutFacts,
} from '../../db/canary-rollout/facts.ts';
import { promoteVersion, swapStable } from '../../db/canary-rollout/release.ts';
import { disownProxies } from '../../db/config-rollout/wave.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Proof, TrafficTarget } from '../../providers/traffic/traffic.ts';
import { requireApprovals } from './gate.ts';
import { waitFor, withHeartbeat } from '../shared/heartbeats.ts';
import type { CanaryRolloutTools } from './index.ts';
import { targetOf, verifyOptions } from './release.ts';
import { settledSplit, splitOf } from './split.ts';
import { towardsSafety } from '../shared/towards-safety.ts';
import type { OperationRef, ShiftInput, ShiftResult } from './types.ts';

export function createTrafficActivities({ db, traffic }: CanaryRolloutTools) {
  /** Becomes the owner of the backend. Throws `conflict`, `invalid-target`, `stopped` or `unavailable`. */
  async function acquireTarget(input: OperationRef): Promise<{ token: number }> {
    const facts = await openRolloutFacts(db, input.operationId);
    const { token } = await traffic.acquire(targetOf(facts), input.operationId);
    return { token };
  }

  /** Sets the canary's weight and waits until the proxy and the observed share prove it. Keeps the lease alive meanwhile. */
  async function shiftTraffic(input: ShiftInput): Promise<ShiftResult> {
    const facts = await openRolloutFacts(db, input.operationId);
    await requireApprovals(db, facts, input.step, input.changeId);
    const target = targetOf(facts);
    const split = splitOf(facts, input.weight, input.leaseMs);
    const { token } = await traffic.setSplit({
      target,
      owner: input.operationId,
      token: input.token,
      changeId: input.changeId,
      split,
    });
    const renewal = setInterval(() => {
      traffic
        .renewLease(target, input.operationId, token, input.leaseMs)
        .catch((error: unknown) => waitFor(String(error)));
    }, input.leaseMs / 4);
    try {
      const proof = await traffic.verify(target, token, verifyOptions(input.verifyMs));
      return { token, summary: `${facts.version} at ${input.weight} %: ${proofText(proof, facts.version)}` };
    } finally {
      clearInterval(renewal);
    }
  }

  /** Everything to the new version, proven; then it is the stable one, and the one before is kept warm. */
  async function promoteRelease(
    input: Omit<ShiftInput, 'weight' | 'leaseMs' | 'step'>,
  ): Promise<ShiftResult> {
    const facts = await openRolloutFacts(db, input.operationId);
    const target = targetOf(facts);
    if (facts.currentStable === facts.version) {
      await giveUp(facts);
      return { token: input.token, summary: `${facts.version} is the stable version` };
    }
    await requireApprovals(db, facts, facts.plan.steps.length, input.changeId);
    const split = settledSplit(facts.canary, facts.stable, facts.spec.health.path);
    const change = { target, owner: input.operationId, token: input.token, changeId: input.changeId, split };
    const { token } = await traffic.setSplit(change);
    const proof = await traffic.verify(target, token, verifyOptions(input.verifyMs));
    await promoteVersion(db, facts, facts.plan.warmWindowMs);
    await giveUp(facts);
    const warm = facts.stable === null ? '' : `; ${facts.stable.version} is kept warm for a rollback`;
    return {
      token,
      summary: `${facts.version} is the stable version: ${proofText(proof, facts.version)}${warm}`,
    };
  }

  /** The target, and the configuration of its proxy where one came with the version. */
  async function giveUp(facts: RolloutFacts): Promise<void> {
    await traffic.release(targetOf(facts), facts.operationId);
    if (facts.config !== null) await disownProxies(db, facts.operationId);
  }

  /** Canary to 0, whatever the token says, and proof that it receives nothing any more. */
  async function restoreStable(input: OperationRef & { changeId: string }): Promise<ShiftResult> {
    const facts = await rolloutFacts(db, input.operationId);
    const target = targetOf(facts);
    const state = await traffic.read(target);
    if (facts.currentStable === facts.version)
      return { token: state.token, summary: `${facts.version} is the stable version already: it stays` };
    if (state.owner !== input.operationId)
      return { token: state.token, summary: 'the target was not ours: nothing to restore' };
    const { token } = await traffic.restore(target, input.operationId, input.changeId, splitOf(facts, 0));
    await traffic.verify(target, token, verifyOptions(20_000));
    const now = facts.stable === null ? 'no version serves' : `${facts.stable.version} serves everything`;
    return { token, summary: `${facts.version} receives nothing any more, ${now}` };
  }

  /** Rollback after a promotion: the warm version gets everything, proven, and is the stable one again. */
  async function swapBack(input: OperationRef & { changeId: string }): Promise<ShiftResult> {
    const facts = await openRolloutFacts(db, input.operationId);
    const target = targetOf(facts);
    // The rollback's row names the version to leave as `version` and the one to return to as `stable_version`.
    const back = await readRelease(db, facts.project, facts.service, facts.stableVersion ?? '');
    if (back.instances.length === 0)
      throw new OpsError('not-warm', `nothing runs of ${back.version}; roll it out again instead`);
    await own(target, input.operationId);
    const split = settledSplit(back, facts.canary, facts.spec.health.path);
    const { token } = await traffic.restore(target, input.operationId, input.changeId, split);
    const proof = await traffic.verify(target, token, verifyOptions(20_000));
    await swapStable(db, facts, facts.version, back.version);
    return {
      token,
      summary: `${back.version} serves again instead of ${facts.version}: ${proofText(proof, back.version)}`,
    };
  }

  /** A stop forbids to own the target and to raise anything; a way back to what served before stays open, as nobody else owns it. */
  async function own(target: TrafficTarget, owner: string): Promise<void> {
    try {
      await traffic.acquire(target, owner);
    } catch (error) {
      if (!(error instanceof OpsError) || error.code !== 'stopped') throw error;
    }
  }

  return {
    acquireTarget,
    shiftTraffic: withHeartbeat(shiftTraffic),
    promoteRelease: withHeartbeat(promoteRelease),
    restoreStable: withHeartbeat(towardsSafety(restoreStable)),
    swapBack: withHeartbeat(towardsSafety(swapBack)),
  };
}

function proofText(proof: Proof, version: string): string {
  if (proof.sessions === 0) return 'read back from the proxy, no requests to count';
  const share = proof.share[version] ?? 0;
  return `read back, and ${share.toFixed(1)} % of ${proof.sessions} requests`;
}
