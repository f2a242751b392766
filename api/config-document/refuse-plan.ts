import type { ConfigPlanInput } from '../../contracts/config-plan.ts';
import type { Db } from '../../db/connect.ts';
import { planProblems } from '../../domain/config-rollout/plan-problems.ts';
import { OpsError } from '../../domain/errors.ts';
import { refuseUnknownWaveGroups } from '../approval/require-groups.ts';

/** Refuses a plan that no rollout could follow, each fault with its pointer below `at`. */
export async function refuseConfigPlan(
  db: Db,
  project: string,
  plan: ConfigPlanInput | undefined,
  at: string,
): Promise<void> {
  if (plan === undefined) return;
  const errors = planProblems(plan, at);
  const first = errors[0];
  if (first !== undefined)
    throw new OpsError('invalid-input', `the plan cannot be followed: ${first.pointer} ${first.detail}`, {
      errors,
    });
  await refuseUnknownWaveGroups(db, project, plan, at);
}
