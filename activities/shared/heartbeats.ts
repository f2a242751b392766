import { Context, heartbeat } from '@temporalio/activity';

const everyMs = 1000;
const notes = new WeakMap<Context, string>();

/** Keeps an activity's heart beating while it waits for others: a dead worker is noticed, and a cancellation arrives, within seconds. */
export function withHeartbeat<I, O>(step: (input: I) => Promise<O>): (input: I) => Promise<O> {
  return async (input) => {
    const context = Context.current();
    const beating = setInterval(() => context.heartbeat(notes.get(context)), everyMs);
    try {
      return await step(input);
    } finally {
      clearInterval(beating);
    }
  };
}

/** Says what the activity waits for; the Temporal UI shows it with every heartbeat. */
export function waitFor(note: string): void {
  notes.set(Context.current(), note);
  heartbeat(note);
}
