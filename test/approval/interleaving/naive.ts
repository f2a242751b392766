import type { ApprovalSystem, Asking } from './system.ts';
import type { Decision, Script } from './script.ts';

/**
 * An approval as it is usually built on signals: the handler remembers who approved, the story waits for enough of them or a timer, and
 * acts. Who it was is what the signal says; what was approved is what is there when it acts.
 */
export function openNaive({ question }: Script): Promise<ApprovalSystem> {
  const { groups = [], approvals = 1 } = question;
  const needed = Math.max(
    approvals,
    groups.reduce((sum, quorum) => sum + quorum.approvals, 0),
  );
  let thing = 'A';
  let askings = 0;
  let current: Asking | null = null;
  let approved = new Set<string>();
  let isRejected = false;
  let isOver: string | null = null;
  const signals: { by: string; decision: Decision }[] = [];

  function signal(by: string, decision: Decision): boolean {
    signals.push({ by, decision });
    handle(by, decision);
    return true;
  }

  function handle(by: string, decision: Decision): void {
    if (decision === 'approve') approved.add(by);
    else isRejected = true;
  }

  function outcome(): string | null {
    if (approved.size >= needed) return 'approved';
    if (isRejected) return 'rejected';
    return isOver;
  }

  const done = Promise.resolve();
  return Promise.resolve({
    request() {
      if (current?.thing !== thing) current = { id: String((askings += 1)), thing };
      return Promise.resolve(current);
    },
    edit: (next) => ((thing = next), done),
    answer: (_asking, by, decision, times) => {
      for (let time = 0; time < times; time += 1) signal(by, decision);
      return Promise.resolve(true);
    },
    around: (_asking, by, decision) => Promise.resolve(signal(by, decision)),
    deliver(_how, isForged) {
      const last = signals.at(-1);
      if (isForged) signal('mallory', 'approve');
      else if (last !== undefined) handle(last.by, last.decision);
      return done;
    },
    expire: () => ((isOver ??= 'expired'), done),
    escalate: () => done,
    cancel: () => ((isOver ??= 'withdrawn'), done),
    continueAsNew: () => ((approved = new Set()), (isRejected = false), done),
    reset() {
      [approved, isRejected, isOver] = [new Set(), false, null];
      for (const { by, decision } of signals) handle(by, decision);
      return done;
    },
    act: () => Promise.resolve(outcome() === 'approved' ? thing : null),
    outcomes() {
      const now = outcome();
      return Promise.resolve(new Map(current === null || now === null ? [] : [[current.id, now]]));
    },
  });
}
