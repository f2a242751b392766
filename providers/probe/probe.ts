export type Health = { readonly healthy: true } | { readonly healthy: false; readonly reason: string };

/** Which answer counts as well, and for which host; left out: any 2xx, for the address itself. */
export interface AskedAnswer {
  readonly host: string | null;
  readonly status: number;
}

/** Asks one instance whether it is well. Never throws: a failure to ask is an unhealthy answer with its reason. */
export interface Probe {
  check(
    address: string,
    path: string,
    timeoutMs: number,
    signal: AbortSignal,
    asked?: AskedAnswer,
  ): Promise<Health>;
}
