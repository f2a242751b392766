import type { ConfigPlan } from '../../contracts/config-plan.ts';
import { type ConfigProblem, problemIf } from '../config-document/problem.ts';

const mostPeople = 10;

/** What is wrong with the people that a wave asks for; its time is looked at with all other times. */
export function approvalProblems(
  approval: ConfigPlan['waves'][number]['approval'],
  pointer: string,
): ConfigProblem[] {
  if (approval === null) return [];
  const { groups, approvals } = approval;
  const names = groups.map(({ group }) => group);
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  const ofGroups = groups.reduce((sum, quorum) => sum + quorum.approvals, 0);
  return [
    ...problemIf(
      twice !== -1,
      `${pointer}/groups/${twice}/group`,
      `is ${names[twice]} a second time; raise its approvals instead`,
    ),
    ...problemIf(
      ofGroups > mostPeople,
      `${pointer}/groups`,
      `ask for ${ofGroups} people; ask for at most ${mostPeople}`,
    ),
    ...problemIf(
      approvals < ofGroups,
      `${pointer}/approvals`,
      `is ${approvals}, but the groups ask for ${ofGroups}; raise it or leave it out`,
    ),
  ];
}
