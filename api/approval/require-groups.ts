import type { CanaryPlanInput } from '../../contracts/canary-plan.ts';
import type { ConfigPlanInput } from '../../contracts/config-plan.ts';
import type { Db } from '../../db/connect.ts';
import { listGroups } from '../../db/approval/group.ts';
import { OpsError } from '../../domain/errors.ts';

/** Refuses a plan whose gates ask for groups that the project does not have: nobody could ever answer them. */
export function refuseUnknownGroups(
  db: Db,
  project: string,
  plan: CanaryPlanInput | undefined,
  at: string,
): Promise<void> {
  return refuseUnknown(db, project, groupsIn(plan, at));
}

/** The same for what the waves of a config rollout ask. */
export function refuseUnknownWaveGroups(
  db: Db,
  project: string,
  plan: ConfigPlanInput,
  at: string,
): Promise<void> {
  return refuseUnknown(db, project, groupsInWaves(plan, at));
}

interface NamedGroup {
  readonly name: string;
  readonly pointer: string;
}

async function refuseUnknown(db: Db, project: string, named: readonly NamedGroup[]): Promise<void> {
  if (named.length === 0) return;
  const known = (await listGroups(db, project)).map(({ name }) => name);
  const errors = named
    .filter(({ name }) => !known.includes(name))
    .map(({ name, pointer }) => ({
      pointer,
      detail: `names the group ${name}, which the project does not have; make it: holdfast groups set ${name} --member WHO`,
    }));
  const first = errors[0];
  if (first === undefined) return;
  throw new OpsError(
    'invalid-input',
    `a gate of the plan cannot be answered: ${first.pointer} ${first.detail}`,
    {
      errors,
    },
  );
}

function groupsIn(plan: CanaryPlanInput | undefined, at: string): NamedGroup[] {
  return (plan?.steps ?? []).flatMap(({ gate }, step) => {
    if (typeof gate !== 'object') return [];
    const below = `${at}/steps/${step}/gate`;
    const asked = (gate.groups ?? []).map(({ group }, index) => ({
      name: group,
      pointer: `${below}/groups/${index}/group`,
    }));
    const standIns = (gate.escalation ?? []).flatMap(({ groups }, level) =>
      groups.map((name, index) => ({ name, pointer: `${below}/escalation/${level}/groups/${index}` })),
    );
    return [...asked, ...standIns];
  });
}

function groupsInWaves({ waves = [], rest }: ConfigPlanInput, at: string): NamedGroup[] {
  const asked = [
    ...waves.map(({ approval }, index) => ({ approval, below: `${at}/waves/${index}` })),
    { approval: rest?.approval, below: `${at}/rest` },
  ];
  return asked.flatMap(({ approval, below }) =>
    typeof approval !== 'object'
      ? []
      : (approval.groups ?? []).map(({ group }, index) => ({
          name: group,
          pointer: `${below}/approval/groups/${index}/group`,
        })),
  );
}
