/** Lets so many in at once, and the others in the order in which they came. */
export interface Turnstile {
  /** false when there was no room for `patienceMs` or, in a crowd, for less: one after the other gives up, not all at once. */
  enter(patienceMs: number): Promise<boolean>;
  /** Goes in whether or not there is room. */
  squeezeIn(): void;
  leave(): void;
  /** Milliseconds until the one who was turned away may come again: spread, so that a crowd does not come back at once. */
  nextReturnMs(): number;
  isIdle(): boolean;
}

const firstReturnMs = 1000;
const betweenReturnsMs = 20;
const shortestPatienceMs = 500;
/** A crowd that came at once must not leave at once: whoever else wants a slot would find none until then. */
const betweenGivingUpMs = 20;

export function createTurnstile(room: number): Turnstile {
  const waiting: (() => void)[] = [];
  let inside = 0;
  let nextReturnAt = 0;
  let lastGivesUpAt = 0;

  function untilGivingUp(patienceMs: number): number {
    const now = Date.now();
    const inTurn = Math.max(now + shortestPatienceMs, lastGivesUpAt + betweenGivingUpMs);
    lastGivesUpAt = inTurn;
    return Math.min(patienceMs, inTurn - now);
  }

  function waitFor(patienceMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const admit = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(admit), 1);
        resolve(false);
      }, untilGivingUp(patienceMs));
      waiting.push(admit);
    });
  }

  return {
    async enter(patienceMs) {
      if (inside >= room) return waitFor(patienceMs);
      inside += 1;
      return true;
    },
    squeezeIn() {
      inside += 1;
    },
    leave() {
      // Who leaves hands over the place, so that nobody slips in between.
      const admit = inside <= room ? waiting.shift() : undefined;
      if (admit === undefined) inside -= 1;
      else admit();
    },
    nextReturnMs() {
      const now = Date.now();
      nextReturnAt = Math.max(now + firstReturnMs, nextReturnAt + betweenReturnsMs);
      return nextReturnAt - now;
    },
    isIdle: () => inside === 0 && nextReturnAt < Date.now(),
  };
}
