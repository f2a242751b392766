import { sql } from 'kysely';
import type { Db } from '../connect.ts';
import { configRolloutFacts, type ConfigRolloutFacts } from './facts.ts';
import { announceOrders, findOrder } from './order.ts';

/** Whether the environment has settled on what an operation brought. A rollback is live before that. */
export async function isSettled(db: Db, facts: ConfigRolloutFacts): Promise<boolean> {
  const { operationId, project, environment, mode, baseSequence } = facts;
  const sequence = await findOrder(db, operationId, 'forth');
  if (sequence === null) return false;
  const row = await db
    .selectFrom('config_environment')
    .select(['live_sequence', 'previous_sequence'])
    .where('project', '=', project)
    .where('name', '=', environment)
    .executeTakeFirst();
  return row?.live_sequence === sequence && (mode === 'rollout' || row.previous_sequence === baseSequence);
}

/**
 * The environment runs it now: who enrols from here on gets this order, and so do those that enrolled while it was under way. What it ran
 * before is what a rollback goes back to. Repeating it changes nothing.
 */
export async function settleEnvironment(db: Db, operationId: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const { project, environment, baseSequence } = await configRolloutFacts(tx, operationId);
    const sequence = await findOrder(tx, operationId, 'forth');
    if (sequence === null) return;
    await tx
      .updateTable('config_environment')
      .set({
        previous_sequence: sql`case when coalesce(live_sequence, 0) < ${sequence} then live_sequence else ${baseSequence}::bigint end`,
        live_sequence: sequence,
      })
      .where('project', '=', project)
      .where('name', '=', environment)
      .where(sql<boolean>`coalesce(live_sequence, 0) <= ${sequence}`)
      .execute();
    await sql`update fleet_proxy set sequence = ${sequence}, ordered_at = clock_timestamp()
      where project = ${project} and environment = ${environment} and state = 'enrolled'
        and coalesce(sequence, 0) < ${sequence} and (owner is null or owner = ${operationId})`.execute(tx);
    await announceOrders(tx, project, environment);
  });
}

/**
 * What a rollback brings is live from its order on, whatever becomes of it: nobody is to get what it goes back from, neither who enrols
 * meanwhile nor by a rollout that fails after it. A repeated rollback still goes where this one went, until it is settled.
 */
export async function beLive(
  tx: Db,
  { project, environment }: { readonly project: string; readonly environment: string },
  sequence: number,
): Promise<void> {
  await tx
    .updateTable('config_environment')
    .set({ live_sequence: sequence })
    .where('project', '=', project)
    .where('name', '=', environment)
    .where(sql<boolean>`coalesce(live_sequence, 0) < ${sequence}`)
    .execute();
}
