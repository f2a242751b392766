import { AsyncLocalStorage } from 'node:async_hooks';
import type { Actor } from '../../domain/audit/entry.ts';

/** Travels with the calls, as Temporal's own activity context does, so that no function on the way can forget to hand it on. */
const acting = new AsyncLocalStorage<Actor>();

/** Everything that is audited inside `work` names this attempt of an activity. */
export function actAs<T>(actor: Actor, work: () => T): T {
  return acting.run(actor, work);
}

export function currentActor(): Actor | undefined {
  return acting.getStore();
}
