import type { CanaryPlan } from '../../contracts/canary-plan.ts';
import { formatDuration } from '../duration.ts';
import type { PlanProblem } from './plan-problems.ts';

const mostPeople = 10;

/** What is wrong with the gate of a step; its time is looked at with all other times. */
export function gateProblems({ gate }: CanaryPlan['steps'][number], index: number): PlanProblem[] {
  if (gate === null) return [];
  const at = `/steps/${index}/gate`;
  return [...quorumProblems(gate, at), ...escalationProblems(gate, at)];
}

type Gate = NonNullable<CanaryPlan['steps'][number]['gate']>;

function quorumProblems({ groups = [], approvals = 1 }: Gate, at: string): PlanProblem[] {
  const names = groups.map(({ group }) => group);
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  const ofGroups = groups.reduce((sum, quorum) => sum + quorum.approvals, 0);
  return [
    ...(twice === -1
      ? []
      : [
          {
            pointer: `${at}/groups/${twice}/group`,
            detail: `is ${names[twice]} a second time; raise its approvals instead`,
          },
        ]),
    ...(ofGroups > mostPeople
      ? [{ pointer: `${at}/groups`, detail: `ask for ${ofGroups} people; ask for at most ${mostPeople}` }]
      : []),
    ...(approvals < ofGroups
      ? [
          {
            pointer: `${at}/approvals`,
            detail: `is ${approvals}, but the groups ask for ${ofGroups}; raise it or leave it out`,
          },
        ]
      : []),
  ];
}

function escalationProblems({ escalation = [], timeoutMs }: Gate, at: string): PlanProblem[] {
  return escalation.flatMap(({ afterMs }, index) => {
    const before = escalation[index - 1]?.afterMs ?? 0;
    const pointer = `${at}/escalation/${index}/after`;
    if (afterMs <= before)
      return [
        { pointer, detail: `is ${formatDuration(afterMs)}; write more than ${formatDuration(before)}` },
      ];
    if (afterMs >= timeoutMs)
      return [
        {
          pointer,
          detail: `is ${formatDuration(afterMs)}; write less than the gate's time of ${formatDuration(timeoutMs)}`,
        },
      ];
    return [];
  });
}
