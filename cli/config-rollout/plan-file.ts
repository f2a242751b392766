import type { ConfigPlanInput } from '../../contracts/config-plan.ts';
import { rootOf, wrong } from '../reader.ts';
import { readYaml } from '../yaml-source.ts';
import type { FilePart } from './faults.ts';

/** A plan as people keep it. Its words are those of the API, which checks them. */
export interface RolloutPlanFile {
  readonly plan: ConfigPlanInput;
  readonly part: FilePart;
}

/** null where no plan was named: that of the environment counts. */
export async function readRolloutPlan(path: string | undefined): Promise<RolloutPlanFile | null> {
  if (path === undefined) return null;
  const source = await readYaml(path);
  const { value } = source;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    wrong(rootOf(source), 'must be a mapping with waves, rest, checks, apply, partition, deadline');
  }
  return { plan: value, part: { below: '/plan', source } };
}
