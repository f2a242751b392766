import type { ProxyWindow } from '../../contracts/config-bundle.ts';

/** Windows that no report has carried to an answer yet. */
export interface WindowBuffer {
  add(window: ProxyWindow): void;
  /** The oldest that come to so many bytes of JSON; one at least, where there is any. */
  next(bytes: number): readonly ProxyWindow[];
  /** Forgets those that a report has delivered, or that nobody will take. */
  done(windows: readonly ProxyWindow[]): void;
  readonly size: number;
}

const mostKept = 60;

export function createWindowBuffer(): WindowBuffer {
  let kept: readonly ProxyWindow[] = [];

  return {
    add(window) {
      kept = [...kept, window].slice(-mostKept);
    },
    next(bytes) {
      let left = bytes;
      const fitting = kept.findIndex((window, index) => {
        left -= Buffer.byteLength(JSON.stringify(window)) + 1;
        return left < 0 && index > 0;
      });
      return fitting < 0 ? kept : kept.slice(0, fitting);
    },
    done(windows) {
      kept = kept.filter((window) => !windows.includes(window));
    },
    get size() {
      return kept.length;
    },
  };
}
