import { sql } from 'kysely';
import type { CanaryConfig } from '../../contracts/canary-rollout.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Db } from '../connect.ts';
import { announceOrders, findOrder, issueOrder } from '../config-rollout/order.ts';
import { disownProxies } from '../config-rollout/wave.ts';
import { stopReason } from '../traffic-target.ts';
import { openRolloutFacts, rolloutFacts, type RolloutFacts } from './facts.ts';
import { findProxyConfig, type ProxyConfig } from './proxy-config.ts';

/** An order that stands in the database; its agent does the rest. */
export interface ConfigOrdered {
  readonly sequence: number;
}

/**
 * Becomes the owner of the configuration of the service's proxy: the same row that config rollouts own. Repeating it changes nothing.
 * Throws `conflict` that names who has it, or when it is not what it was at the start; `invalid-target` when nothing could be put back.
 */
export async function takeProxyConfig(db: Db, operationId: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const { facts, config, held } = await lockPair(tx, await openRolloutFacts(tx, operationId));
    if (held?.environment !== config.environment) throw gone(facts, config);
    if (held.owner === operationId) return;
    refuseHeld(facts, held);
    const { proxy } = facts.spec.traffic;
    if (held.revision !== config.base)
      throw new OpsError(
        'conflict',
        `the configuration of proxy ${proxy} is another one than at the start of ${operationId}; start the rollout again`,
      );
    if (!held.isProven)
      throw new OpsError(
        'invalid-target',
        `proxy ${proxy} is not proven to run its order ${held.sequence}, so nothing could be put back; see: holdfast proxy show ${proxy}`,
      );
    await tx.updateTable('fleet_proxy').set({ owner: operationId }).where('proxy', '=', proxy).execute();
  });
}

/**
 * Wants the configuration that comes with the version. Only its owner may, and never after the way back has begun. Throws `fenced`,
 * `stopped`, or `conflict` when the operation has ended.
 */
export async function orderConfigForth(db: Db, operationId: string): Promise<ConfigOrdered> {
  return db.transaction().execute(async (tx) => {
    const { facts, config, held } = await lockPair(tx, await openRolloutFacts(tx, operationId));
    const { proxy, backend } = facts.spec.traffic;
    if (held?.owner !== operationId)
      throw new OpsError('fenced', `the configuration of proxy ${proxy} is not ours any more`);
    const stopped = await stopReason(tx, { ...facts, proxy, backend });
    if (stopped !== null) throw new OpsError('stopped', stopped);
    const { environment, revision } = config;
    const order = { ...{ project: facts.project, environment, operationId }, revision } as const;
    const sequence = await issueOrder(tx, { ...order, name: 'forth', kind: 'apply' });
    if ((held.sequence ?? 0) > sequence)
      throw new OpsError('fenced', `proxy ${proxy} has been ordered something newer`);
    await want(tx, facts, config, sequence);
    return { sequence };
  });
}

/** `left`: there is nothing to put back, or it is not ours to. */
export type ConfigWayBack = ({ readonly kind: 'ordered' } & ConfigOrdered) | ConfigLeft;
interface ConfigLeft {
  readonly kind: 'left';
  readonly why: string;
}

/**
 * Wants what the proxy ran before the version came. Neither a stop nor an end is in its way. Throws `conflict` while another operation
 * has the configuration, which only a rollback after a promotion can meet.
 */
export async function orderConfigBack(db: Db, operationId: string): Promise<ConfigWayBack> {
  return db.transaction().execute(async (tx) => {
    const { facts, config, held } = await lockPair(tx, await rolloutFacts(tx, operationId));
    const left = await whyLeft(tx, facts, config, held);
    // Given up in the same moment, so that a worker that was thought dead orders nothing afterwards.
    if (left !== null) await disownProxies(tx, operationId);
    if (left !== null) return left;
    const { proxy } = facts.spec.traffic;
    await tx.updateTable('fleet_proxy').set({ owner: operationId }).where('proxy', '=', proxy).execute();
    const { environment, base: revision } = config;
    const order = { ...{ project: facts.project, environment, operationId }, revision } as const;
    const sequence = await issueOrder(tx, { ...order, name: 'back', kind: 'rollback' });
    await want(tx, facts, config, sequence);
    return { kind: 'ordered', sequence };
  });
}

async function whyLeft(
  tx: Db,
  facts: RolloutFacts,
  config: CanaryConfig,
  held: ProxyConfig | null,
): Promise<ConfigLeft | null> {
  const { operationId, mode, status, version } = facts;
  const { proxy } = facts.spec.traffic;
  const left = (why: string): ConfigLeft => ({ kind: 'left', why });
  if (status === 'closed') return left('the operation has ended: its configuration is nobody’s to change');
  if (held?.environment !== config.environment) return left(`proxy ${proxy} has left ${config.environment}`);
  if ((await findOrder(tx, operationId, 'back')) !== null) return null;
  if (mode === 'rollout') {
    if (facts.currentStable === version) return left(`${version} is the stable version: it keeps its own`);
    if (held.owner !== operationId || (await findOrder(tx, operationId, 'forth')) === null)
      return left(`the configuration of proxy ${proxy} was not touched`);
    return null;
  }
  if (held.owner !== operationId) refuseHeld(facts, held);
  if (await cameWith(tx, facts, held)) return null;
  return left(`proxy ${proxy} was given another configuration since: it keeps that`);
}

/** Whether what the proxy is to run was brought by the version that is taken back. */
async function cameWith(tx: Db, facts: RolloutFacts, held: ProxyConfig): Promise<boolean> {
  if (held.orderedBy === null || held.revision !== facts.config?.revision) return false;
  const by = await tx
    .selectFrom('canary_rollout')
    .select('version')
    .where('operation_id', '=', held.orderedBy)
    .where('project', '=', facts.project)
    .where('service', '=', facts.service)
    .executeTakeFirst();
  return by?.version === facts.version;
}

function refuseHeld({ spec }: RolloutFacts, { owner, isOwnerOpen }: ProxyConfig): void {
  if (owner === null || !isOwnerOpen) return;
  const why = `the configuration of proxy ${spec.traffic.proxy} is held by ${owner}; wait for it, or abort it`;
  throw new OpsError('conflict', why, { operationId: owner });
}

interface Pair {
  readonly facts: RolloutFacts;
  readonly config: CanaryConfig;
  readonly held: ProxyConfig | null;
}

/** The environment's row first, always, as config rollouts do: two who order wait for each other and never deadlock. */
async function lockPair(tx: Db, facts: RolloutFacts): Promise<Pair> {
  const config = configOf(facts);
  await tx
    .selectFrom('config_environment')
    .select('name')
    .where('project', '=', facts.project)
    .where('name', '=', config.environment)
    .forUpdate()
    .execute();
  const { proxy } = facts.spec.traffic;
  return { facts, config, held: await findProxyConfig(tx, facts.project, proxy, 'lock') };
}

/** Throws `invalid-input` when the version comes alone. */
export function configOf({ operationId, config }: RolloutFacts): CanaryConfig {
  if (config !== null) return config;
  throw new OpsError('invalid-input', `the rollout ${operationId} brings no configuration`);
}

function gone({ spec }: RolloutFacts, { environment }: CanaryConfig): OpsError {
  const { proxy } = spec.traffic;
  return new OpsError(
    'invalid-target',
    `proxy ${proxy} is not enrolled any more; enrol it again: holdfast proxy enroll ${proxy} --env ${environment}`,
  );
}

async function want(tx: Db, facts: RolloutFacts, config: CanaryConfig, sequence: number): Promise<void> {
  await tx
    .updateTable('fleet_proxy')
    .set({ sequence, ordered_at: sql<Date>`clock_timestamp()` })
    .where('proxy', '=', facts.spec.traffic.proxy)
    .where('owner', '=', facts.operationId)
    .where(sql<boolean>`coalesce(sequence, 0) < ${sequence}`)
    .execute();
  await announceOrders(tx, facts.project, config.environment);
}
