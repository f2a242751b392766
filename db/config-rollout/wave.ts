import { sql } from 'kysely';
import { OpsError } from '../../domain/errors.ts';
import type { Db } from '../connect.ts';
import { configRolloutFacts, type ConfigRolloutFacts } from './facts.ts';
import { announceOrders, issueOrder } from './order.ts';
import { refuseStopped } from './refuse-stopped.ts';
import { beLive } from './settle.ts';

export interface WaveOrdered {
  readonly sequence: number;
  /** How many proxies the wave has. */
  readonly proxies: number;
}

export interface WaveAsked {
  readonly operationId: string;
  readonly wave: number;
}

/**
 * Becomes the owner of the proxies of a rollout, so that nobody else orders them meanwhile. Repeating it changes nothing. Throws
 * `conflict` that names one that another open operation owns.
 */
export async function ownProxies(db: Db, operationId: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const { project, environment } = await configRolloutFacts(tx, operationId);
    // Who left the environment before the workflow began is none of its proxies, also when it is one of another environment by now.
    await sql`delete from config_rollout_proxy m where m.operation_id = ${operationId} and not exists (
      select 1 from fleet_proxy f where f.proxy = m.proxy and f.project = ${project} and f.environment = ${environment}
        and f.state = 'enrolled')`.execute(tx);
    await sql`update fleet_proxy f set owner = ${operationId} from config_rollout_proxy m
      where m.operation_id = ${operationId} and f.proxy = m.proxy and f.owner is distinct from ${operationId}
        and not exists (select 1 from operation o where o.id = f.owner and o.status <> 'closed')`.execute(tx);
    const { rows } = await sql<{ proxy: string; owner: string }>`
      select f.proxy, f.owner from fleet_proxy f join config_rollout_proxy m on m.proxy = f.proxy
      where m.operation_id = ${operationId} and f.owner is distinct from ${operationId} limit 1`.execute(tx);
    const [held] = rows;
    if (held === undefined) return;
    const why = `the configuration of proxy ${held.proxy} is held by ${held.owner}; wait for it, or abort it`;
    throw new OpsError('conflict', why, { operationId: held.owner });
  });
}

/** Gives the proxies of an operation up. */
export async function disownProxies(db: Db, operationId: string): Promise<void> {
  await db.updateTable('fleet_proxy').set({ owner: null }).where('owner', '=', operationId).execute();
}

/**
 * Wants the revision of the rollout from every proxy of a wave. Nobody moves to a lower number: once the way back has begun, the way
 * forth moves nobody any more. The last wave takes those that enrolled since the start. Throws `conflict` when the operation has ended,
 * `stopped` while the project is.
 */
export async function orderWave(db: Db, { operationId, wave }: WaveAsked): Promise<WaveOrdered> {
  return db.transaction().execute(async (tx) => {
    const facts = await lockFacts(tx, operationId);
    if (facts.status === 'closed') throw new OpsError('conflict', `the operation ${operationId} has ended`);
    const { project, environment, mode, revision, plan } = facts;
    if (mode === 'rollout') await refuseStopped(tx, project);
    const kind = mode === 'rollout' ? 'apply' : 'rollback';
    const order = { project, environment, operationId, name: 'forth', kind, revision } as const;
    const sequence = await issueOrder(tx, order);
    if (wave === plan.waves.length - 1) await takeLateOnes(tx, facts, wave);
    if (mode === 'rollback') await beLive(tx, facts, sequence);
    return want(tx, facts, wave, sequence);
  });
}

/** Wants what ran before the rollout from every proxy of a wave that had been ordered. Never refused. */
export async function orderWaveBack(db: Db, { operationId, wave }: WaveAsked): Promise<WaveOrdered> {
  return db.transaction().execute(async (tx) => {
    const facts = await lockFacts(tx, operationId);
    const { project, environment, base } = facts;
    const order = {
      project,
      environment,
      operationId,
      name: 'back',
      kind: 'rollback',
      revision: base,
    } as const;
    const sequence = await issueOrder(tx, order);
    return want(tx, facts, wave, sequence);
  });
}

/** The environment's row first, always: two who order wait for each other and never deadlock. */
async function lockFacts(tx: Db, operationId: string): Promise<ConfigRolloutFacts> {
  const facts = await configRolloutFacts(tx, operationId);
  await tx
    .selectFrom('config_environment')
    .select('name')
    .where('project', '=', facts.project)
    .where('name', '=', facts.environment)
    .forUpdate()
    .execute();
  return configRolloutFacts(tx, operationId);
}

async function takeLateOnes(
  tx: Db,
  { operationId, project, environment }: ConfigRolloutFacts,
  wave: number,
): Promise<void> {
  await sql`with late as (
      insert into config_rollout_proxy (operation_id, project, wave, proxy)
      select ${operationId}, f.project, ${wave}::integer, f.proxy from fleet_proxy f
      where f.project = ${project} and f.environment = ${environment} and f.state = 'enrolled'
        and not exists (select 1 from operation o where o.id = f.owner and o.status <> 'closed' and o.id <> ${operationId})
        and not exists (select 1 from config_rollout_proxy m where m.operation_id = ${operationId} and m.proxy = f.proxy)
      returning proxy
    ) update fleet_proxy f set owner = ${operationId} from late where f.proxy = late.proxy`.execute(tx);
}

async function want(
  tx: Db,
  { operationId, project, environment }: ConfigRolloutFacts,
  wave: number,
  sequence: number,
): Promise<WaveOrdered> {
  await sql`update fleet_proxy f set sequence = ${sequence}, ordered_at = clock_timestamp()
    from config_rollout_proxy m
    where m.operation_id = ${operationId} and m.wave = ${wave} and f.proxy = m.proxy and f.owner = ${operationId}
      and f.project = ${project} and f.environment = ${environment}
      and coalesce(f.sequence, 0) < ${sequence}`.execute(tx);
  await announceOrders(tx, project, environment);
  const { proxies } = await tx
    .selectFrom('config_rollout_proxy')
    .select((select) => select.fn.countAll<number>().as('proxies'))
    .where('operation_id', '=', operationId)
    .where('wave', '=', wave)
    .executeTakeFirstOrThrow();
  return { sequence, proxies: Number(proxies) };
}
