export interface Bell {
  ring(): void;
  /** Resolves at the next ring, at once when it rang since the last time, and at the end. */
  heard(signal: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  let isRung = false;
  let wake: () => void = () => undefined;
  return {
    ring() {
      isRung = true;
      wake();
    },
    async heard(signal) {
      if (!isRung) await new Promise<void>((resolve) => (wake = untilEnd(signal, resolve)));
      isRung = false;
    },
  };
}

/** Leaves no listener behind: the signal is that of the whole process, and somebody waits every second. */
function untilEnd(signal: AbortSignal, resolve: () => void): () => void {
  const done = (): void => {
    signal.removeEventListener('abort', done);
    resolve();
  };
  if (signal.aborted) done();
  else signal.addEventListener('abort', done);
  return done;
}
