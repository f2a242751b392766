import type { Notice } from '../../contracts/notification.ts';
import { attemptLimitMs, failed, refused, type Answer, type Notifier } from './notifier.ts';

/** What the twin's receiver does; `silent` never answers. */
export type MemoryReceiver = Answer | 'silent';

export interface MemoryNotifier extends Notifier {
  /** What reached a target, oldest first. */
  received(target: string): readonly Notice[];
  /** From now on a target answers like this. */
  answer(target: string, how: MemoryReceiver): void;
}

/** The in-memory twin: every target is there and takes everything, unless told otherwise. Secrets begin with `memory`. */
export function createMemoryNotifier({
  limitMs = attemptLimitMs,
}: { limitMs?: number } = {}): MemoryNotifier {
  const sent: { readonly target: string; readonly notice: Notice }[] = [];
  const answers = new Map<string, MemoryReceiver>();
  return {
    async deliver(notice, to, signal) {
      if (!to.secret.startsWith('memory')) return refused('the secret does not begin with memory');
      const how = answers.get(to.target) ?? { kind: 'accepted', status: null, note: null };
      if (how === 'silent') return silence(limitMs, signal);
      sent.push({ target: to.target, notice });
      return how;
    },
    received: (target) => sent.filter((one) => one.target === target).map(({ notice }) => notice),
    answer: (target, how) => void answers.set(target, how),
  };
}

async function silence(limitMs: number, signal: AbortSignal): Promise<Answer> {
  const ended = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  await new Promise<void>((resolve) => {
    if (ended.aborted) resolve();
    ended.addEventListener('abort', () => resolve(), { once: true });
  });
  return failed('no answer');
}
