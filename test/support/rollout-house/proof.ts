import { expect } from 'vitest';
import type { RolloutHouse } from '../rollout-house.ts';
import type { StartedRollout } from './people.ts';

export function effectsOf(house: RolloutHouse, service: string): string[] {
  return house.effects.filter((effect) => effect.service === service).map((effect) => effect.what);
}

/** Ids of what runs of a service. */
export function runningOf(house: RolloutHouse, service: string): string[] {
  return house.runtime.running().filter((id) => id.split('.')[1] === service);
}

/** After any ending but a promotion: `v1` serves everything, nothing is left of `v2`, nobody owns the target, the row is closed. */
export async function expectUndone(
  house: RolloutHouse,
  rollout: StartedRollout,
  outcome: string,
): Promise<void> {
  const { service } = rollout;
  expect(await rollout.row()).toMatchObject({ status: 'closed', outcome });
  expect(runningOf(house, service)).toEqual([`default.${service}.v1.0`]);
  expect(await desiredWeights(house, service)).toEqual({ v1: 100 });
  expectSafeOrder(effectsOf(house, service));
}

export async function desiredWeights(house: RolloutHouse, service: string): Promise<Record<string, number>> {
  const target = await house.db
    .selectFrom('traffic_target')
    .select(['split', 'owner'])
    .where('service', '=', service)
    .executeTakeFirstOrThrow();
  expect(target.owner).toBeNull();
  return Object.fromEntries(target.split.servers.map((server) => [server.version, server.weight]));
}

/** Weight 0 comes true first, then its proof, and only then is anything stopped. */
export function expectSafeOrder(effects: readonly string[]): void {
  const lastRaised = effects.findLastIndex((what) => /^applied .*\bv2=[1-9]/.test(what));
  const stopped = effects.findIndex((what) => what.startsWith('stop'));
  if (lastRaised === -1) return;
  const lowered = effects.findIndex((what, index) => index > lastRaised && what.startsWith('applied'));
  const proven = effects.findIndex((what, index) => index > lowered && what === 'verified');
  expect([lastRaised < lowered, lowered < proven, stopped === -1 || proven < stopped]).toEqual([
    true,
    true,
    true,
  ]);
}
