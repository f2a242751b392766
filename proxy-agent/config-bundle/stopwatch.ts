export interface Stopwatch<Step extends string> {
  /** Forgets all times. */
  restart(): void;
  /** Ends the step before and starts this one; the same one again adds up. */
  begin(step: Step): void;
  stop(): void;
  /** Whole milliseconds of the steps that have ended. */
  times(): Partial<Record<Step, number>>;
}

export function createStopwatch<Step extends string>(): Stopwatch<Step> {
  let times: Partial<Record<Step, number>> = {};
  let running: { readonly step: Step; readonly since: number } | null = null;

  function stop(): void {
    if (!running) return;
    const { step, since } = running;
    running = null;
    times = { ...times, [step]: Math.round((times[step] ?? 0) + performance.now() - since) };
  }

  return {
    restart() {
      running = null;
      times = {};
    },
    begin(step) {
      stop();
      running = { step, since: performance.now() };
    },
    stop,
    times: () => times,
  };
}
