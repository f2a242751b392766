import type { Health, Probe } from './probe.ts';

/** Asks over HTTP; any 2xx is healthy. */
export function createHttpProbe(): Probe {
  return {
    async check(address, path, timeoutMs, signal): Promise<Health> {
      try {
        const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
        const response = await fetch(`http://${address}${path}`, { signal: limit, redirect: 'manual' });
        await response.body?.cancel();
        return response.ok ? { healthy: true } : { healthy: false, reason: `HTTP ${response.status}` };
      } catch (error) {
        return { healthy: false, reason: reasonOf(error) };
      }
    },
  };
}

/** fetch hides what happened in the cause. */
function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error));
}
