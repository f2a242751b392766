import { defaultOperationsPerProject, hasNoFreeSlot } from '../db/operation-slots.ts';
import { OpsError } from '../domain/errors.ts';
import type { ApiDependencies } from './dependencies.ts';

/** Operations take minutes: who asks earlier is only refused again. */
const retryAfterMs = 10_000;

/** Throws `rate-limited` with when to come back, when a project has as many operations open as it may. */
export async function refuseBeyondQuota(
  { db, operationsPerProject: allowed = defaultOperationsPerProject }: ApiDependencies,
  project: string,
): Promise<void> {
  if (!(await hasNoFreeSlot(db, project, allowed))) return;
  throw new OpsError(
    'rate-limited',
    `project ${project} has ${allowed} operations open, as many as it may; wait for one to end, or abort one: holdfast runs list`,
    { retryAfterMs },
  );
}
