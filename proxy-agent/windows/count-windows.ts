import type { LoggedRequest } from './logged-request.ts';
import { openWindow, type RequestWindow } from './request-window.ts';
import type { WindowBuffer } from './window-buffer.ts';

export interface WindowCounter {
  add(request: LoggedRequest): void;
  stop(): void;
}

interface Parts {
  readonly windowMs: number;
  /** How many requests of a window are told as a sample. */
  readonly sampled: number;
  readonly buffer: WindowBuffer;
  /** The order that runs; null: none. */
  readonly sequence: () => number | null;
  /** Whether anybody is told; until then nothing is kept. */
  readonly isTold: () => boolean;
}

/**
 * Counts requests in windows of so many milliseconds. A window without any is told as well: it says that nothing came. One ends early
 * when another order comes into force, and what a worker of another order ends meanwhile has a window of its own, so that each belongs
 * to one.
 */
export function countWindows({ windowMs, sampled, buffer, sequence, isTold }: Parts): WindowCounter {
  let ofOrder = sequence();
  let lastStart = Date.now();
  let window = openWindow(lastStart, ofOrder, sampled);
  let ofOthers = new Map<number, RequestWindow>();

  /** Two never begin at once: the moment is what tells them apart. */
  function begin(order: number | null): RequestWindow {
    lastStart = Math.max(Date.now(), lastStart + 1);
    return openWindow(lastStart, order, sampled);
  }

  function turn(): void {
    const now = Math.max(Date.now(), lastStart + 1);
    if (isTold()) for (const each of [window, ...ofOthers.values()]) buffer.add(each.close(now));
    ofOthers = new Map();
    ofOrder = sequence();
    window = begin(ofOrder);
  }

  function windowOf(order: number | null): RequestWindow {
    if (order === null || order === ofOrder) return window;
    const known = ofOthers.get(order) ?? begin(order);
    ofOthers.set(order, known);
    return known;
  }

  const timer = setInterval(turn, windowMs);
  return {
    add(request) {
      if (sequence() !== ofOrder) turn();
      windowOf(request.sequence).add(request);
    },
    stop: () => clearInterval(timer),
  };
}
