import { sql } from 'kysely';
import type { ConfigPlan } from '../../contracts/config-plan.ts';
import type { ConfigRolloutState } from '../../contracts/config-rollout.ts';
import { planWaves } from '../../domain/config-rollout/waves.ts';
import { configRolloutWorkflowId } from '../../domain/config-rollout/workflow-id.ts';
import { OpsError } from '../../domain/errors.ts';
import { audit } from '../audit.ts';
import type { Db } from '../connect.ts';
import { violatedUnique } from '../failures.ts';
import { freeSlot } from '../operation-slots.ts';
import { enrolledProxies } from './proxies.ts';
import { refuseStopped } from './refuse-stopped.ts';

export interface NewConfigRollout {
  readonly operationId: string;
  readonly project: string;
  readonly environment: string;
  readonly mode: 'rollout' | 'rollback';
  /** null: the head for a rollout, what was live before for a rollback. */
  readonly revision: string | null;
  readonly plan: ConfigPlan;
  readonly ignoreFreeze: boolean;
  readonly principal: string;
  readonly reason: string | null;
  readonly key: string;
  readonly fingerprint: string;
  /** How many operations the project may have open; null: it is not counted. */
  readonly slots: number | null;
}

/** Why nothing was written. `repeated`: this key was used before. */
export type StartRefusal = 'repeated' | 'held' | 'quota';

/** Rolls back what was written before it, the idempotency key too: the same request may come again. */
class Refused extends Error {
  readonly why: StartRefusal;
  constructor(why: StartRefusal) {
    super(why);
    this.why = why;
  }
}

/**
 * Writes all that a rollout is in one transaction: idempotency key, operation (its unique index is the lock), plan, who is in which
 * wave, audit entry. Throws `not-found` for an environment or revision that is not there, `stopped` while an emergency stop of the
 * whole project holds.
 */
export async function insertConfigRollout(db: Db, rollout: NewConfigRollout): Promise<StartRefusal | null> {
  for (;;) {
    try {
      await db.transaction().execute((tx) => insertInside(tx, rollout));
      return null;
    } catch (error) {
      if (error instanceof Refused) return error.why;
      const refusedBy = violatedUnique(error);
      if (refusedBy === 'operation_open') return 'held';
      if (refusedBy === 'idempotency_key_pkey') return 'repeated';
      // Another start took the slot in this moment: there is another slot or none.
      if (refusedBy !== 'operation_slot') throw error;
    }
  }
}

async function insertInside(tx: Db, rollout: NewConfigRollout): Promise<void> {
  const { operationId, project, environment, mode, plan, principal, reason } = rollout;
  const place = await lockEnvironment(tx, project, environment);
  const { key, fingerprint } = rollout;
  await tx
    .insertInto('idempotency_key')
    .values({ project, key, fingerprint, resource_id: operationId })
    .execute();
  if (mode === 'rollout') await refuseStopped(tx, project);
  const revision = await requireRevision(tx, rollout, mode === 'rollout' ? place.head : place.previous);
  const slot = rollout.slots === null ? null : await freeSlot(tx, project, rollout.slots);
  // Whoever may take the place of a running one needs no second slot.
  if (slot === 'none') throw new Refused((await isHeld(tx, rollout)) ? 'held' : 'quota');
  await tx
    .insertInto('operation')
    .values({
      ...{ id: operationId, project, kind: 'config-rollout', target: environment, slot },
      ...{ status: 'starting', phase: 'starting', started_by: principal },
      summary: `${mode} of ${environment} is starting`,
      workflow_id: configRolloutWorkflowId(project, environment),
    })
    .execute();
  await tx
    .insertInto('config_rollout')
    .values({
      ...{ operation_id: operationId, project, environment, mode, revision },
      base_sequence: place.live_sequence,
      plan: JSON.stringify(plan),
      ignore_freeze: rollout.ignoreFreeze,
      state: JSON.stringify({ ...initialState, reason }),
    })
    .execute();
  const waves = await freezeWaves(tx, rollout);
  const detail = { revision, base: place.live_sequence, waves, ignoreFreeze: rollout.ignoreFreeze };
  const action = mode === 'rollout' ? 'config-rollout.start' : 'config-rollout.rollback';
  const subject = environment;
  await audit(tx, { project, principal, action, subject, operationId, detail, personal: { reason } });
}

async function isHeld(tx: Db, { project, environment }: NewConfigRollout): Promise<boolean> {
  const open = tx
    .selectFrom('operation')
    .select('id')
    .where('project', '=', project)
    .where('kind', '=', 'config-rollout')
    .where('target', '=', environment)
    .where('status', '<>', 'closed');
  return (await open.executeTakeFirst()) !== undefined;
}

/** The environment, so that two starts, and a start and a new head, come one after another. */
async function lockEnvironment(tx: Db, project: string, name: string) {
  const { rows } = await sql<{ head: string | null; live_sequence: number | null; previous: string | null }>`
    select e.head, e.live_sequence, before.revision as previous
    from config_environment e
    left join config_order before on before.project = e.project and before.environment = e.name
      and before.sequence = e.previous_sequence
    where e.project = ${project} and e.name = ${name} for update of e`.execute(tx);
  if (rows[0] !== undefined) return rows[0];
  throw new OpsError(
    'not-found',
    `project ${project} has no environment ${name}; first: holdfast config put --env ${name}`,
  );
}

async function requireRevision(
  tx: Db,
  { project, environment, revision, mode }: NewConfigRollout,
  otherwise: string | null,
): Promise<string> {
  const wanted = revision ?? otherwise;
  if (wanted === null) {
    const why = mode === 'rollout' ? 'has no configuration yet' : 'has nothing to go back to';
    throw new OpsError('not-found', `the environment ${environment} ${why}`);
  }
  const found = await tx
    .selectFrom('config_revision')
    .select('revision')
    .where('project', '=', project)
    .where('environment', '=', environment)
    .where('revision', '=', wanted)
    .executeTakeFirst();
  if (found === undefined)
    throw new OpsError('not-found', `the environment ${environment} has no revision ${wanted}`);
  if (mode === 'rollback') await refuseNeverLive(tx, { project, environment, revision: found.revision });
  return found.revision;
}

/** A rollback passes by every guard, since what it brings was there before. */
async function refuseNeverLive(
  tx: Db,
  { project, environment, revision }: { project: string; environment: string; revision: string },
): Promise<void> {
  const { rows } = await sql`select from config_order o
    join operation p on p.id = o.operation_id
    join config_environment e on e.project = o.project and e.name = o.environment
    where o.project = ${project} and o.environment = ${environment} and o.revision = ${revision} and o.name = 'forth'
      and (p.outcome in ('completed', 'promoted') or o.sequence in (e.live_sequence, e.previous_sequence))
    limit 1`.execute(tx);
  if (rows.length > 0) return;
  const detail = `${environment} never ran ${revision.slice(0, 12)} as a whole`;
  throw new OpsError(
    'invalid-input',
    `${detail}, so there is no going back to it; roll it out instead: holdfast config apply --env ${environment} --revision ${revision.slice(0, 12)}`,
    { errors: [{ pointer: '/revision', detail }] },
  );
}

/** Answers how many proxies each wave has. */
async function freezeWaves(
  tx: Db,
  { operationId, project, environment, plan }: NewConfigRollout,
): Promise<number[]> {
  const rules = plan.waves.flatMap(({ rule }) => (rule.by === 'rest' ? [] : [rule]));
  const waves = planWaves(await enrolledProxies(tx, project, environment), rules, environment);
  const members = waves.flatMap(({ agents }, wave) => agents.map((proxy) => ({ wave, proxy })));
  await sql`insert into config_rollout_proxy (operation_id, project, wave, proxy)
    select ${operationId}::text, ${project}::text, * from unnest(
      ${members.map(({ wave }) => wave)}::integer[], ${members.map(({ proxy }) => proxy)}::text[])`.execute(
    tx,
  );
  return waves.map(({ agents }) => agents.length);
}

const initialState: ConfigRolloutState = {
  phase: 'starting',
  revision: 0,
  wave: -1,
  counts: null,
  waitingFor: null,
  isPaused: false,
  gate: null,
  lastCheck: null,
  outcome: null,
  reason: null,
};
