import { ordersOf, type ProxyOrder } from '../../db/config-rollout/orders-of.ts';
import type { Db } from '../../db/connect.ts';
import type { Notifications } from '../../db/notifications.ts';
import { currentScope, inEveryProject, inProject } from '../../db/scope.ts';
import { everyProject } from '../../domain/access/roles.ts';
import { askTogether } from '../ask-together.ts';

/** A notification can be lost while its connection is made anew; a look each second bounds what that costs. */
const lookAgainMs = 1000;

export interface OrderWait {
  readonly proxy: string;
  /** The tag of what the agent has; null: nothing. */
  readonly tag: string | null;
  /** On the monotonic clock. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** Thousands of agents wait at once: one hub for each process asks Postgres once for all of them. */
export interface OrderHub {
  /** The order of the proxy once its tag is another one, or as it is at the deadline; null when the proxy is not enrolled. */
  orderOtherThan(wait: OrderWait): Promise<ProxyOrder | null>;
  close(): void;
}

interface Waiter {
  readonly proxy: string;
  readonly tag: string | null;
  /** Whose rows it may see: a project, or `*`. */
  readonly scope: string;
  readonly place: string;
  wake(found: ProxyOrder | null | 'time'): void;
}

export function createOrderHub(db: Db, notifications: Pick<Notifications, 'on'>): OrderHub {
  const waiters = new Set<Waiter>();
  const look = askTogether((names: readonly string[]) => ordersOf(db, names));
  /** When a place was heard of last, so that what comes between a look and the wait is not slept through. */
  const heardAt = new Map<string, number>();
  let heard = 0;
  /** What each proxy was found to have, and how much had been heard of when that was asked. */
  const known = new Map<string, { readonly order: ProxyOrder; readonly heard: number }>();

  const off = notifications.on('config_order', (place) => {
    heard += 1;
    heardAt.set(place, heard);
    void lookFor([...waiters].filter((waiter) => waiter.place === place));
  });
  const timer = setInterval(() => void lookFor([...waiters]), lookAgainMs).unref();

  /** One statement for each scope. What cannot be asked now is asked a second later. */
  async function lookFor(some: readonly Waiter[]): Promise<void> {
    const byScope = Map.groupBy(some, ({ scope }) => scope);
    const looks = [...byScope].map(async ([scope, inIt]) => {
      const names = [...new Set(inIt.map(({ proxy }) => proxy))];
      const before = heard;
      const found = await within(scope, () => ordersOf(db, names));
      for (const waiter of inIt) {
        const order = found.get(waiter.proxy) ?? null;
        remember(waiter.proxy, order, before);
        if (isNews(order, waiter.tag)) waiter.wake(order);
      }
    });
    await Promise.allSettled(looks);
  }

  function remember(proxy: string, order: ProxyOrder | null, asOf: number): void {
    if (order === null) known.delete(proxy);
    else known.set(proxy, { order, heard: asOf });
  }

  /**
   * An agent asks again as soon as it has an order, a thousand of them at once: whoever has the one that was found, and will wait until
   * the next look of the hub at least, can begin to wait without one of its own.
   */
  function knownTo({ proxy, tag, deadline }: OrderWait): ProxyOrder | null {
    const { order, heard: asOf } = known.get(proxy) ?? { order: null, heard: 0 };
    if (order === null || tagOf(order) !== tag || deadline - performance.now() < lookAgainMs) return null;
    return (heardAt.get(placeOf(order)) ?? 0) > asOf ? null : order;
  }

  function wait(
    { proxy, tag, deadline, signal }: OrderWait,
    place: string,
  ): Promise<ProxyOrder | null | 'time'> {
    return new Promise((resolve) => {
      const wake: Waiter['wake'] = (found) => {
        clearTimeout(alarm);
        signal.removeEventListener('abort', end);
        waiters.delete(waiter);
        resolve(found);
      };
      const end = (): void => wake('time');
      const waiter: Waiter = { proxy, tag, scope: currentScope(), place, wake };
      const alarm = setTimeout(end, Math.max(0, deadline - performance.now()));
      signal.addEventListener('abort', end, { once: true });
      waiters.add(waiter);
    });
  }

  return {
    async orderOtherThan(asked) {
      for (;;) {
        const before = heard;
        const order = knownTo(asked) ?? (await look(asked.proxy));
        remember(asked.proxy, order, before);
        const isOver = asked.signal.aborted || performance.now() >= asked.deadline;
        if (order === null || isNews(order, asked.tag) || isOver) return order;
        const place = placeOf(order);
        if ((heardAt.get(place) ?? 0) > before) continue;
        const found = await wait(asked, place);
        return found === 'time' ? order : found;
      }
    },
    close() {
      off();
      clearInterval(timer);
    },
  };
}

/** The tag of an order; null: there is none. */
export function tagOf({ order }: ProxyOrder): string | null {
  return order && `"${order.sequence}-${order.hash}"`;
}

/** As notifications name it. */
function placeOf({ project, environment }: ProxyOrder): string {
  return `${project}/${environment}`;
}

/** A proxy that is gone is told so; one that has no order yet goes on waiting. */
function isNews(found: ProxyOrder | null, tag: string | null): boolean {
  if (found === null) return true;
  const own = tagOf(found);
  return own !== null && own !== tag;
}

function within<T>(scope: string, work: () => T): T {
  return scope === everyProject ? inEveryProject(work) : inProject(scope, work);
}
