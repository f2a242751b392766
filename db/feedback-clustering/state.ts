import { OpsError } from '../../domain/errors.ts';
import type { Db } from '../connect.ts';

/** What a project's clusters were made with. */
export interface ClusteringState {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly model: string | null;
  readonly fittedModel: Buffer | null;
  readonly fittedItems: number;
  readonly calibrated: number | null;
  /** Grows with every change of the clusters. */
  readonly revision: number;
}

/** Makes the row when there is none. */
export async function readState(db: Db, project: string): Promise<ClusteringState> {
  await db
    .insertInto('feedback_clustering')
    .values({ project })
    .onConflict((conflict) => conflict.column('project').doNothing())
    .execute();
  const row = await db
    .selectFrom('feedback_clustering')
    .selectAll()
    .where('project', '=', project)
    .executeTakeFirstOrThrow();
  return {
    settings: row.settings,
    model: row.model,
    fittedModel: row.fitted_model,
    fittedItems: row.fitted_items,
    calibrated: row.calibrated_threshold,
    revision: Number(row.revision),
  };
}

export interface FittedModel {
  readonly model: string;
  readonly fittedModel: Buffer | null;
  readonly fittedItems: number;
  readonly calibrated: number | null;
}

/** The model that all vectors are made with from now on. */
export async function saveModel(db: Db, project: string, fitted: FittedModel): Promise<void> {
  await db
    .updateTable('feedback_clustering')
    .set({
      model: fitted.model,
      fitted_model: fitted.fittedModel,
      fitted_items: fitted.fittedItems,
      calibrated_threshold: fitted.calibrated,
    })
    .where('project', '=', project)
    .execute();
}

/** Claims the next revision. Throws `unavailable` when the clusters changed since `revision` was read: whoever computed on it starts over. */
export async function claimRevision(db: Db, project: string, revision: number): Promise<number> {
  const row = await db
    .updateTable('feedback_clustering')
    .set({ revision: revision + 1, updated_at: new Date() })
    .where('project', '=', project)
    .where('revision', '=', revision)
    .returning('revision')
    .executeTakeFirst();
  if (row === undefined)
    throw new OpsError('unavailable', `the clusters of ${project} were changed by somebody else meanwhile`);
  return Number(row.revision);
}
