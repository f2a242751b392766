import { activityInfo, sleep } from '@temporalio/activity';
import { orderConfigBack, orderConfigForth, takeProxyConfig } from '../../db/canary-rollout/config-order.ts';
import { openRolloutFacts, rolloutFacts, type RolloutFacts } from '../../db/canary-rollout/facts.ts';
import { findProxyConfig, type ProxyConfig } from '../../db/canary-rollout/proxy-config.ts';
import { disownProxies } from '../../db/config-rollout/wave.ts';
import { stopReason } from '../../db/traffic-target.ts';
import { OpsError } from '../../domain/errors.ts';
import { waitFor, withHeartbeat } from '../shared/heartbeats.ts';
import { towardsSafety } from '../shared/towards-safety.ts';
import type { CanaryRolloutTools } from './index.ts';
import { broughtOf, failureOf, restoredOf, waitsFor } from './pair-text.ts';
import { targetOf } from './release.ts';
import type { ConfigBrought, ConfigRestored, OperationRef } from './types.ts';

const lookMs = 200;
/** After so long the way back is told to be stuck; it goes on all the same. */
const backMs = 20_000;

/** The configuration that comes with a version: one proxy, owned and ordered in Postgres, proven by what its HAProxy answers. */
export function createPairActivities({ db }: Pick<CanaryRolloutTools, 'db'>) {
  /** Becomes the owner of the proxy's configuration. Throws `conflict` or `invalid-target`. */
  async function takeConfig({ operationId }: OperationRef): Promise<void> {
    await takeProxyConfig(db, operationId);
  }

  /** Orders it and waits until the proxy answers its hash. Throws `stopped` or `fenced`; one that is not taken is an answer. */
  async function bringConfig(input: OperationRef & { verifyMs: number }): Promise<ConfigBrought> {
    const { operationId, verifyMs } = input;
    const { sequence } = await orderConfigForth(db, operationId);
    // Attempts share one deadline, so that a crash of the worker grants no more time than the plan says.
    const deadline = activityInfo().scheduledTimestampMs + verifyMs;
    for (;;) {
      const facts = await openRolloutFacts(db, operationId);
      await refuseStopped(facts);
      const held = await standing(facts, sequence);
      if (held.isProven) return broughtOf(facts, held);
      if (held.isFailed) return { kind: 'not-taken', reason: failureOf(facts, held) };
      if (Date.now() > deadline)
        return { kind: 'not-taken', reason: `${waitsFor(facts, held)} within ${verifyMs / 1000} s` };
      waitFor(waitsFor(facts, held));
      await sleep(lookMs);
    }
  }

  async function refuseStopped(facts: RolloutFacts): Promise<void> {
    const stopped = await stopReason(db, targetOf(facts));
    if (stopped !== null) throw new OpsError('stopped', stopped);
  }

  async function standing(facts: RolloutFacts, sequence: number): Promise<ProxyConfig> {
    const { proxy } = facts.spec.traffic;
    const held = await findProxyConfig(db, facts.project, proxy);
    if (held?.sequence === sequence) return held;
    throw new OpsError('fenced', `proxy ${proxy} is not to run order ${sequence} any more`);
  }

  /**
   * Puts back what the proxy ran before, waits for the proof that it runs again, and gives it up. Never given up itself: throws
   * `unavailable` while there is no proof, or while another operation has the configuration.
   */
  async function restoreConfig({ operationId }: OperationRef): Promise<ConfigRestored> {
    const before = await rolloutFacts(db, operationId);
    const way = await wayBack(operationId);
    if (way.kind === 'left') return { summary: way.why, hash: null, release: null };
    const deadline = Date.now() + backMs;
    for (;;) {
      const held = await standing(before, way.sequence);
      if (held.isProven) {
        await disownProxies(db, operationId);
        return restoredOf(before, held);
      }
      const why = held.isFailed ? failureOf(before, held) : waitsFor(before, held);
      if (Date.now() > deadline) throw new OpsError('unavailable', `the way back of ${operationId}: ${why}`);
      waitFor(why);
      await sleep(lookMs);
    }
  }

  async function wayBack(operationId: string): ReturnType<typeof orderConfigBack> {
    try {
      return await orderConfigBack(db, operationId);
    } catch (error) {
      if (!(error instanceof OpsError) || error.code !== 'conflict') throw error;
      throw new OpsError('unavailable', error.message, error.detail, error);
    }
  }

  return {
    takeConfig,
    bringConfig: withHeartbeat(bringConfig),
    restoreConfig: withHeartbeat(towardsSafety(restoreConfig)),
  };
}
