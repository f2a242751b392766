import type { DriftPolicy } from '../../contracts/config-bundle.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Db } from '../connect.ts';
import { noFile } from './show-fleet.ts';

/** Names one order. */
export interface OrderKey {
  readonly project: string;
  readonly environment: string;
  readonly sequence: number;
}

/** What a bundle is made from. */
export interface OrderContent {
  readonly kind: 'apply' | 'rollback';
  readonly revision: string;
  readonly hash: string;
  readonly drift: DriftPolicy;
  /** What `base.cfg` is to hold; null: back to the file that each operator wrote. */
  readonly rendered: string | null;
  /** As the settings of the environment have it; null: as usual. */
  readonly bundleLifetime: string | null;
}

/** The content of an order, the same for ever. Throws `not-found`. */
export async function readOrder(db: Db, { project, environment, sequence }: OrderKey): Promise<OrderContent> {
  const row = await db
    .selectFrom('config_order as o')
    .innerJoin('config_environment as e', (join) =>
      join.onRef('e.project', '=', 'o.project').onRef('e.name', '=', 'o.environment'),
    )
    .leftJoin('config_revision as r', (join) =>
      join
        .onRef('r.project', '=', 'o.project')
        .onRef('r.environment', '=', 'o.environment')
        .onRef('r.revision', '=', 'o.revision'),
    )
    .select(['o.kind', 'o.revision', 'o.hash', 'o.drift', 'r.rendered', 'e.settings'])
    .where('o.project', '=', project)
    .where('o.environment', '=', environment)
    .where('o.sequence', '=', sequence)
    .executeTakeFirst();
  if (!row) throw new OpsError('not-found', `there is no order ${sequence} in ${project}/${environment}`);
  const { kind, hash, drift, rendered, settings } = row;
  const revision = row.revision ?? noFile;
  return { kind, revision, hash, drift, rendered, bundleLifetime: settings.bundleLifetime ?? null };
}
