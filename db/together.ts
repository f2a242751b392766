import { currentScope } from './scope.ts';

/** How a crowd is carried: each flight is one statement. */
export interface Crowd<Item> {
  /** Flights under way. */
  readonly atOnce: number;
  /** Items in one flight. */
  readonly most: number;
  /**
   * Milliseconds from one flight with company to the next one that is not full. In a storm that comes in drop by drop each flight would
   * carry three or four otherwise, and a statement costs more than what it carries.
   */
  readonly gatherMs: number;
  /** Two with a key in common do not go together; the later one goes with a later flight. */
  readonly keysOf: (item: Item) => readonly string[];
  /** Never rejects: it tells each item itself how it went. */
  readonly carry: (items: readonly Item[]) => Promise<void>;
}

/**
 * Puts together what comes in while others are under way, of one scope: what goes together is seen by the same rows' wall. Alone nobody
 * waits.
 */
export function together<Item>(crowd: Crowd<Item>): (item: Item) => void {
  const queues = new Map<string, (item: Item) => void>();
  return (item) => {
    const scope = currentScope();
    const queue = queues.get(scope) ?? createQueue(crowd);
    queues.set(scope, queue);
    queue(item);
  };
}

function createQueue<Item>({ atOnce, most, gatherMs, keysOf, carry }: Crowd<Item>): (item: Item) => void {
  let waiting: Item[] = [];
  let flights = 0;
  /** On the monotonic clock. */
  let gatheredAt = 0;
  let alarm: NodeJS.Timeout | null = null;

  function launch(): void {
    while (flights < atOnce && waiting.length > 0) {
      const early = gatheredAt - performance.now();
      if (early > 0 && waiting.length < most) return launchIn(early);
      const boarded = board();
      if (boarded.length > 1) gatheredAt = performance.now() + gatherMs;
      flights += 1;
      void carry(boarded).finally(() => {
        flights -= 1;
        launch();
      });
    }
  }

  function launchIn(ms: number): void {
    alarm ??= setTimeout(() => {
      alarm = null;
      launch();
    }, ms);
  }

  function board(): Item[] {
    const taken = new Set<string>();
    const boarded: Item[] = [];
    waiting = waiting.filter((item) => {
      const keys = keysOf(item);
      if (boarded.length === most || keys.some((key) => taken.has(key))) return true;
      for (const key of keys) taken.add(key);
      boarded.push(item);
      return false;
    });
    return boarded;
  }

  return (item) => {
    waiting.push(item);
    launch();
  };
}
