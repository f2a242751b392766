export interface PauseWatch {
  /** Call before asking; the answer's `isFresh` is false when the process was stopped meanwhile, so that its ages are wrong. */
  begin(): { isFresh(): boolean };
  stop(): void;
}

const beatMs = 250;
const pauseMs = 1000;

/** Notices that the process was stopped (SIGSTOP, a frozen container): an answer may have waited in the socket all that time. */
export function watchPauses(): PauseWatch {
  let pauses = 0;
  let lastBeat = performance.now();
  const timer = setInterval(() => {
    if (performance.now() - lastBeat > pauseMs) pauses += 1;
    lastBeat = performance.now();
  }, beatMs);

  return {
    begin() {
      const before = pauses;
      // Answers may be handled before the timer gets its turn, so the beat itself is looked at, too.
      return { isFresh: () => pauses === before && performance.now() - lastBeat <= pauseMs };
    },
    stop: () => clearInterval(timer),
  };
}
