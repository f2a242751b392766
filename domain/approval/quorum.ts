import type { Question } from './question.ts';

/** Who approved, with the groups they were in and the level of escalation that the gate had at that moment. */
export interface Approver {
  readonly by: string;
  readonly groups: readonly string[];
  readonly level: number;
}

/**
 * The places that no approval fills yet, each named by its group; null is a place for anybody who may approve. Every person fills at
 * most one, and the places are dealt out so that as many as possible are filled (bipartite matching by augmenting paths).
 */
export function openPlaces(question: Question, approvers: readonly Approver[]): (string | null)[] {
  const places = placesOf(question);
  const holders: (Approver | null)[] = places.map(() => null);
  for (const approver of approvers) seat(approver, new Set());
  return places.filter((_, index) => holders[index] === null);

  function seat(approver: Approver, tried: Set<number>): boolean {
    for (const [index, place] of places.entries()) {
      if (tried.has(index) || !fits(question, approver, place)) continue;
      tried.add(index);
      const holder = holders[index] ?? null;
      if (holder !== null && !seat(holder, tried)) continue;
      holders[index] = approver;
      return true;
    }
    return false;
  }
}

function placesOf({ groups, approvals }: Question): (string | null)[] {
  const ofGroups = groups.flatMap((quorum) => Array.from({ length: quorum.approvals }, () => quorum.group));
  const ofAnybody = Array.from({ length: Math.max(0, approvals - ofGroups.length) }, () => null);
  return [...ofGroups, ...ofAnybody];
}

function fits(question: Question, approver: Approver, place: string | null): boolean {
  if (place === null || approver.groups.includes(place)) return true;
  return standIns(question, approver.level).some((group) => approver.groups.includes(group));
}

/** Groups that may stand in at this level. */
export function standIns({ escalation }: Question, level: number): string[] {
  return [...new Set(escalation.slice(0, level).flatMap(({ groups }) => groups))];
}
