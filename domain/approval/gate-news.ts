import type { GateOutcome } from './gate.ts';

/** What a workflow has seen of a gate at its last look. */
export interface SeenGate {
  readonly outcome: GateOutcome | 'void' | null;
  readonly missing: number;
  readonly level: number;
  readonly overdue: number;
  readonly answers: readonly {
    readonly id: string;
    readonly by: string;
    readonly decision: 'approve' | 'reject' | 'break-glass';
    readonly reason: string | null;
  }[];
}

export type GateAnswer = SeenGate['answers'][number];

/** Answers that came since the look before, in their order. */
export function newAnswers(told: SeenGate, view: SeenGate): GateAnswer[] {
  const known = new Set(told.answers.map(({ id }) => id));
  return view.answers.filter(({ id }) => !known.has(id));
}

export type GateEnding =
  | { readonly kind: 'passed' }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'aborted'; readonly reason: string };

/** How a gate ended for the operation that asked, or null while it waits. */
export function gateEnding({ outcome, answers }: SeenGate): GateEnding | null {
  switch (outcome) {
    case null:
      return null;
    case 'approved':
    case 'broken':
      return { kind: 'passed' };
    case 'rejected': {
      const no = answers.find(({ decision }) => decision === 'reject');
      return { kind: 'rejected', reason: `${no?.by ?? 'somebody'}: ${no?.reason ?? 'rejected'}` };
    }
    case 'expired':
      return { kind: 'aborted', reason: 'nobody approved in time' };
    case 'withdrawn':
    case 'void':
      return { kind: 'aborted', reason: 'the gate asks no more: another run of the operation went on' };
  }
}
