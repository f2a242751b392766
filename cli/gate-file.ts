import type { CanaryPlanInput } from '../contracts/canary-plan.ts';
import { duration, integer, items, members, oneOf, text, truth, type Place } from './reader.ts';

type GateInput = NonNullable<CanaryPlanInput['steps']>[number]['gate'];
type Gate = Exclude<GateInput, boolean | undefined>;

const words = ['timeout', 'onTimeout', 'approvals', 'allowRequester', 'groups', 'escalation'] as const;

/** Reads the gate of a step: `true`, or what it asks for. */
export function readGate(place: Place): GateInput {
  if (typeof place.value === 'boolean') return place.value;
  const part = members(place, words);
  return {
    ...(part.timeout === undefined ? {} : { timeout: duration(part.timeout) }),
    ...(part.onTimeout === undefined ? {} : { onTimeout: oneOf(part.onTimeout, ['abort', 'hold'] as const) }),
    ...(part.approvals === undefined ? {} : { approvals: integer(part.approvals) }),
    ...(part.allowRequester === undefined ? {} : { allowRequester: truth(part.allowRequester) }),
    ...(part.groups === undefined ? {} : { groups: items(part.groups).map(readQuorum) }),
    ...(part.escalation === undefined ? {} : { escalation: items(part.escalation).map(readLevel) }),
  };
}

function readQuorum(place: Place): NonNullable<Gate['groups']>[number] {
  const { group, approvals } = members(place, ['group', 'approvals'] as const);
  return { group: text(group ?? place), approvals: approvals === undefined ? 1 : integer(approvals) };
}

function readLevel(place: Place): NonNullable<Gate['escalation']>[number] {
  const { after, groups } = members(place, ['after', 'groups'] as const);
  return { after: duration(after ?? place), groups: items(groups ?? place).map(text) };
}
