import type { Client } from '@temporalio/client';
import type { ReconciliationTools } from '../reconciliation.ts';

/** What the parts of a sweep work with. */
export interface Sweeper extends ReconciliationTools, Troubles {
  readonly client: Client;
}

export interface Troubles {
  /** Does some work; what goes wrong is logged when it is news, and tried again in the next round. */
  tell(what: string, work: () => Promise<unknown>): Promise<boolean>;
  /** Works on all items at once: one that fails keeps no other from its turn. Answers how many were worked on. */
  each<T>(
    what: (item: T) => string,
    items: readonly T[],
    work: (item: T) => Promise<unknown>,
  ): Promise<number>;
}

/** A trouble that lasts is logged once, not every other second. */
export function createTroubles(log: ReconciliationTools['log']): Troubles {
  const known = new Map<string, string>();

  async function tell(what: string, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      known.delete(what);
      return true;
    } catch (error) {
      const text = String(error);
      if (known.get(what) !== text) log('the sweep could not put something right yet', { what, error: text });
      known.set(what, text);
      return false;
    }
  }

  return {
    tell,
    async each(what, items, work) {
      const done = await Promise.all(items.map((item) => tell(what(item), () => work(item))));
      return done.filter(Boolean).length;
    },
  };
}
