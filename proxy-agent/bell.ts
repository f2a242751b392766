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
      if (!isRung) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
      isRung = false;
    },
  };
}
