import type { Health, Probe } from './probe.ts';

export interface MemoryProbe extends Probe {
  /** The instance at `address` (`host:port`) is unhealthy with this reason until it is healed. */
  sicken(address: string, reason: string): void;
  heal(address: string): void;
}

/** The twin for tests: everything is healthy but what a test made sick. */
export function createMemoryProbe(): MemoryProbe {
  const sick = new Map<string, string>();
  return {
    async check(address, _path, _timeoutMs, signal): Promise<Health> {
      if (signal.aborted) return { healthy: false, reason: 'the check was called off' };
      const reason = sick.get(address);
      return reason === undefined ? { healthy: true } : { healthy: false, reason };
    },
    sicken: (address, reason) => void sick.set(address, reason),
    heal: (address) => void sick.delete(address),
  };
}
