import type { ConfigDrift, DriftPolicy } from '../../contracts/config-bundle.ts';
import type { Log } from '../log.ts';
import type { FoundDrift } from './find-drift.ts';

/** What is told of drift. */
export interface DriftWatch {
  /** Takes what a look has found, null included. Answers whether it is to be undone. */
  note(found: FoundDrift | null, policy: DriftPolicy): boolean;
  /** What was found is undone, and that is proven. */
  mended(): void;
  /** A runtime command of somebody else was undone; steered servers always are brought back. */
  undone(detail: string): void;
  current(): ConfigDrift | null;
}

const toldMs = 60_000;

export function createDriftWatch(log: Log, onChange: () => void): DriftWatch {
  let drift: ConfigDrift | null = null;
  let forgetAt = Infinity;

  function begin({ kind, detail, content }: FoundDrift, policy: DriftPolicy): void {
    const isKnown = drift?.kind === kind && drift.detail === detail && !drift.mended;
    const since = isKnown && drift ? drift.since : new Date().toISOString();
    const kept = policy === 'adopt' ? content : null;
    const isNews = !isKnown || drift?.content !== kept || drift.policy !== policy;
    drift = { kind, detail, since, policy, mended: false, content: kept };
    forgetAt = Infinity;
    if (!isNews) return;
    log('warn', 'the proxy is not as its configuration says', { kind, detail, policy });
    onChange();
  }

  function end(): void {
    if (!drift || drift.mended) return;
    drift = { ...drift, mended: true };
    forgetAt = performance.now() + toldMs;
    onChange();
  }

  return {
    note(found, policy) {
      if (found) begin(found, policy);
      else if (drift && !drift.mended) end();
      return found !== null && policy === 'revert';
    },
    mended: end,
    undone(detail) {
      if (drift && !drift.mended) return;
      begin({ kind: 'servers', detail, content: null }, 'revert');
      end();
    },
    current() {
      if (performance.now() > forgetAt) drift = null;
      return drift;
    },
  };
}
