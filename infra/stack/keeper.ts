import { setTimeout as delay } from 'node:timers/promises';
import { endProcesses } from '../process/end.ts';
import { adoptLife, beginLife, type Life } from './life.ts';
import type { Part } from './part.ts';
import type { PartRecord, PartState } from './record.ts';
import { processesOfPart, survivorOfPart } from './survivors.ts';

const firstPauseMs = 200;
const longestPauseMs = 5000;
/** A part that ran this long has recovered: the next pause is a short one again. */
const healthyMs = 30_000;

export interface Keeper {
  readonly part: Part;
  view(): PartRecord;
  /** Keeps the part running until `stop`. Resolves when it does its work, rejects after `attempts` that came to nothing. */
  start(attempts: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a part, and starts it again whenever it ends, with growing pauses. */
export function createKeeper(part: Part, home: string, onChange: () => void): Keeper {
  const stopping = new AbortController();
  let state: PartState = 'stopped';
  let life: Life | null = null;
  let restarts = 0;
  let since = new Date().toISOString();
  let problem: string | null = null;
  let loop: Promise<void> = Promise.resolve();

  function enter(next: PartState): void {
    state = next;
    since = new Date().toISOString();
    onChange();
  }

  async function keep(onReady: () => void, onFailure: (error: unknown) => void): Promise<void> {
    for (let pause = firstPauseMs; !stopping.signal.aborted; pause = Math.min(pause * 2, longestPauseMs)) {
      const readyAt = await live(onReady, onFailure);
      if (stopping.signal.aborted) break;
      if (readyAt !== null && performance.now() - readyAt > healthyMs) pause = firstPauseMs;
      enter('waiting');
      await delay(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
      restarts += 1;
    }
    enter('stopped');
  }

  /** One life of the process. Answers when it became ready, null if it never did. */
  async function live(onReady: () => void, onFailure: (error: unknown) => void): Promise<number | null> {
    let readyAt: number | null = null;
    enter('starting');
    try {
      const begun = await begin();
      await part.ready(abortedBy(begun.ended));
      readyAt = performance.now();
      problem = null;
      enter('running');
      onReady();
      await begun.ended;
      throw new Error('it has ended');
    } catch (error) {
      if (!stopping.signal.aborted) problem = life?.hasEnded() ? `it ended ${life.how()}` : messageOf(error);
      if (readyAt === null) onFailure(error);
    }
    await life?.end(part.stopSignal, part.graceMs);
    life = null;
    return readyAt;
  }

  async function begin(): Promise<Life> {
    const survivor = part.adopts && restarts === 0 ? survivorOfPart(home, part.name) : null;
    if (survivor !== null) life = adoptLife(survivor);
    else {
      const { stopSignal: signal, graceMs } = part;
      const command = await part.prepare();
      await endProcesses(processesOfPart(home, part.name), { signal, graceMs });
      stopping.signal.throwIfAborted();
      life = beginLife(command, { home, name: part.name });
    }
    onChange();
    return life;
  }

  return {
    part,
    view: () => ({ name: part.name, state, process: life?.mark ?? null, restarts, since, problem }),
    start(attempts) {
      let left = attempts;
      return new Promise((resolve, reject) => {
        loop = keep(resolve, (error) => {
          left -= 1;
          if (left === 0) reject(error instanceof Error ? error : new Error(String(error)));
        });
      });
    },
    async stop() {
      stopping.abort();
      if (state === 'stopped') return;
      enter('stopping');
      await life?.end(part.stopSignal, part.graceMs);
      await loop;
    },
  };
}

function abortedBy(ended: Promise<void>): AbortSignal {
  const abort = new AbortController();
  void ended.then(() => abort.abort());
  return abort.signal;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
