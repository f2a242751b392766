import type { ConfigPlan } from '../../contracts/config-plan.ts';
import { freezePlan } from './plan.ts';

/** Everybody at once and without bake. Who is silent takes it when it is back: nobody waits for them. */
export const rollbackPlan: ConfigPlan = {
  ...freezePlan({ waves: [], rest: { bake: '0' } }),
  partition: { policy: 'proceed', afterMs: 30_000, budgetPercent: 100 },
};
