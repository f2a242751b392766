import type { QuestionInput } from '../../../domain/approval/question.ts';
import { groupsOfPeople, requester, type Decision } from './script.ts';
import type { Asking } from './system.ts';

export type Violation = 'two-outcomes' | 'other-subject' | 'self-approval' | 'too-few';

interface Answer {
  readonly by: string;
  readonly decision: Decision;
  readonly isEscalated: boolean;
}

interface Watched {
  readonly asking: Asking;
  readonly answers: Answer[];
  isEscalated: boolean;
  /** The step in which another one took its place. */
  supersededIn: number;
  /** How it had ended when somebody last looked. */
  outcome: string | null;
}

/**
 * Looks on from outside: who answered what they saw, what was acted on. It knows nothing of how an approval is built, and counts a
 * quorum in its own way, by trying every order.
 */
export function createWatch(question: QuestionInput) {
  const watched = new Map<string, Watched>();
  const violations: Violation[] = [];
  const seen = { acts: 0, approved: 0, rejected: 0, expired: 0, withdrawn: 0 };

  return {
    violations,
    seen,
    asked(asking: Asking, step: number): void {
      for (const other of watched.values())
        if (other.asking.id !== asking.id) other.supersededIn = Math.min(other.supersededIn, step);
      const known = watched.get(asking.id);
      if (known !== undefined) known.supersededIn = Infinity;
      else watched.set(asking.id, fresh(asking));
    },
    answered(asking: Asking, by: string, decision: Decision): void {
      const at = watched.get(asking.id);
      at?.answers.push({ by, decision, isEscalated: at.isEscalated });
    },
    escalated(): void {
      for (const at of watched.values()) at.isEscalated = true;
    },
    looked(outcomes: ReadonlyMap<string, string>): void {
      for (const [id, outcome] of outcomes) {
        const at = watched.get(id);
        if (at === undefined || at.outcome === outcome) continue;
        if (at.outcome !== null) violations.push('two-outcomes');
        else if (outcome in seen) seen[outcome as 'approved'] += 1;
        at.outcome = outcome;
      }
    },
    /** Judged once the step is over, so that it does not matter which of those at once was heard first. */
    acted(thing: string, step: number): void {
      seen.acts += 1;
      const violation = faultOf(question, [...watched.values()], { thing, step });
      if (violation !== null) violations.push(violation);
    },
  };
}

function fresh(asking: Asking): Watched {
  return { asking, answers: [], isEscalated: false, supersededIn: Infinity, outcome: null };
}

function faultOf(
  question: QuestionInput,
  watched: readonly Watched[],
  { thing, step }: { thing: string; step: number },
): Violation | null {
  const at = watched.findLast(({ asking, supersededIn }) => asking.thing === thing && supersededIn >= step);
  if (at === undefined) return 'other-subject';
  if (at.outcome !== null && at.outcome !== 'approved') return 'two-outcomes';
  const yes = at.answers.filter(({ decision }) => decision === 'approve');
  const others = yes.filter(({ by }) => by !== requester);
  if (isEnough(question, others)) return null;
  if (isEnough(question, yes)) return 'self-approval';
  const ofAll = watched.flatMap(({ answers }) => answers.filter(({ decision }) => decision === 'approve'));
  return isEnough(question, ofAll) ? 'other-subject' : 'too-few';
}

/** Whether each place can be given to a person of its own. */
function isEnough(question: QuestionInput, approvals: readonly Answer[]): boolean {
  const { groups = [], approvals: wanted = 1 } = question;
  const ofGroups = groups.flatMap((quorum) => Array.from({ length: quorum.approvals }, () => quorum.group));
  const places = [...ofGroups, ...Array.from({ length: Math.max(0, wanted - ofGroups.length) }, () => null)];
  const people = [...new Map(approvals.map((answer) => [answer.by, answer])).values()];
  return seat(places, people);

  function seat(left: readonly (string | null)[], free: readonly Answer[]): boolean {
    const [place, ...rest] = left;
    if (place === undefined) return true;
    return free.some(
      (one) =>
        (place === null || mayFill(question, one, place)) &&
        seat(
          rest,
          free.filter((other) => other !== one),
        ),
    );
  }
}

function mayFill({ escalation = [] }: QuestionInput, { by, isEscalated }: Answer, place: string): boolean {
  const own = groupsOfPeople[by] ?? [];
  const stood = isEscalated ? escalation.flatMap(({ groups }) => groups) : [];
  return own.includes(place) || stood.some((group) => own.includes(group));
}
