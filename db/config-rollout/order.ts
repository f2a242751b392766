import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { DriftPolicy } from '../../contracts/config-bundle.ts';
import { filesHash } from '../../domain/config-bundle/bundle-text.ts';
import { OpsError } from '../../domain/errors.ts';
import { audit } from '../audit.ts';
import type { Db } from '../connect.ts';

export interface OrderAsked {
  readonly project: string;
  readonly environment: string;
  readonly operationId: string;
  /** Which of the orders of its operation; asking again finds the same one. */
  readonly name: 'forth' | 'back';
  readonly kind: 'apply' | 'rollback';
  /** null: back to the file that each operator wrote. */
  readonly revision: string | null;
}

/**
 * Gives an order the next number of its environment, once. The number is the fencing token of a proxy's configuration: a proxy only
 * ever moves to a higher one, in the database (`orderWave`) as on the node, so a worker that came back from the dead moves nobody back.
 */
export async function issueOrder(tx: Db, asked: OrderAsked): Promise<number> {
  const { project, environment, operationId, name, kind, revision } = asked;
  const earlier = await findOrder(tx, operationId, name);
  if (earlier !== null) return earlier;
  const { sequence, settings } = await tx
    .updateTable('config_environment')
    .set({ sequence: sql`sequence + 1` })
    .where('project', '=', project)
    .where('name', '=', environment)
    .returning(['sequence', 'settings'])
    .executeTakeFirstOrThrow();
  // Whoever else asked for it in this moment has had the lock on the environment before.
  const meanwhile = await findOrder(tx, operationId, name);
  if (meanwhile !== null) return meanwhile;
  const drift: DriftPolicy = settings.drift ?? 'report';
  const hash = revision === null ? filesHash(sha256, []) : await hashOf(tx, asked, revision);
  await tx
    .insertInto('config_order')
    .values({ project, environment, sequence, kind, revision, hash, drift, operation_id: operationId, name })
    .execute();
  await audit(tx, {
    ...{ project, principal: 'holdfast', action: 'config-order.issue', subject: environment, operationId },
    detail: { sequence, kind, revision, hash },
  });
  return sequence;
}

export async function findOrder(
  db: Db,
  operationId: string,
  name: OrderAsked['name'],
): Promise<number | null> {
  const row = await db
    .selectFrom('config_order')
    .select('sequence')
    .where('operation_id', '=', operationId)
    .where('name', '=', name)
    .executeTakeFirst();
  return row?.sequence ?? null;
}

async function hashOf(tx: Db, { project, environment }: OrderAsked, revision: string): Promise<string> {
  const row = await tx
    .selectFrom('config_revision')
    .select('rendered')
    .where('project', '=', project)
    .where('environment', '=', environment)
    .where('revision', '=', revision)
    .executeTakeFirst();
  if (row === undefined)
    throw new OpsError('not-found', `the revision ${revision} of ${environment} is gone`);
  return filesHash(sha256, [{ path: 'base.cfg', sha256: sha256(row.rendered) }]);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Wakes the agents that wait for an order. */
export async function announceOrders(tx: Db, project: string, environment: string): Promise<void> {
  await sql`select pg_notify('config_order', ${`${project}/${environment}`})`.execute(tx);
}
