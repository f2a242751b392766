import { CancellationScope, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import {
  attend,
  noisyAfter,
  noteStrange,
  type Announcements,
  type Heard,
  type Hearing,
} from './announcements.ts';
import { fail } from './failure.ts';

/** Names that somebody may think of to approve something; messages of these names are there to be refused and written down. */
const names = ['approve', 'approved', 'reject', 'rejected', 'decision', 'decide'];
const noSignals = names.map((name) => defineSignal(name));
const noUpdates = ['approval', ...names].map((name) => defineUpdate<void>(name));

const approvesNothing = 'Approves nothing: an approval is a decision that the API has recorded';

/** Whatever else is typed to approve something approves nothing, and is written down by `hear`. */
export function writeDownAttempts(heard: Announcements, hear: (hearing: Hearing) => Promise<Heard>): void {
  // Not the handler for all names: with it a signal of a name that is Temporal's own would fail the workflow task for ever.
  for (const signal of noSignals) {
    setHandler(signal, () => noteStrange(heard, `signal ${signal.name}`), { description: approvesNothing });
  }
  for (const update of noUpdates) {
    setHandler(update, () => refuseApproval(heard, update.name), {
      validator: () => refuseWhenNoisy(heard),
      description: approvesNothing,
    });
  }
  CancellationScope.nonCancellable(() => attend(heard, hear)).catch(() => undefined);
}

function refuseApproval(heard: Announcements, name: string): never {
  noteStrange(heard, `update ${name}`);
  fail('not-approved', 'an update approves nothing; use: holdfast approvals approve|reject, or the API');
}

/** A refused update is written nowhere: a flood of them ends here. */
function refuseWhenNoisy(heard: Announcements): void {
  if (heard.attempts + heard.strange.length < noisyAfter) return;
  fail('not-approved', 'an update approves nothing; this run has written down enough of them');
}
