import { listenMs, noteListening } from '../../db/config-rollout/hearing.ts';
import type { Db } from '../../db/connect.ts';

/** Says every two seconds that this API listens to agents. Without the database it says nothing, as it hears nothing then. */
export function keepListening(db: Db): { stop(): void } {
  const say = (): void => void noteListening(db).catch(() => undefined);
  const timer = setInterval(say, listenMs);
  say();
  return { stop: () => clearInterval(timer) };
}
