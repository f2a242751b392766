export type Health = { readonly healthy: true } | { readonly healthy: false; readonly reason: string };

/** Asks one instance whether it is well. Never throws: a failure to ask is an unhealthy answer with its reason. */
export interface Probe {
  check(address: string, path: string, timeoutMs: number, signal: AbortSignal): Promise<Health>;
}
