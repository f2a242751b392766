/** The part of a split that decides who gets requests. */
export interface WeighedServer {
  readonly version: string;
  readonly weight: number;
}

export const stableWeight = 100;

/**
 * The servers with everything on the stable version: what a lost lease, a trip, a stop and a taken-over target come down to.
 * Without a stable version only the canary is taken off, because there is nowhere else to send requests.
 */
export function safeServers<T extends WeighedServer>(
  servers: readonly T[],
  stable: string | null,
  canary: string | null,
): T[] {
  return servers.map((server) => ({ ...server, weight: safeWeight(server, stable, canary) }));
}

function safeWeight(server: WeighedServer, stable: string | null, canary: string | null): number {
  if (stable === null) return server.version === canary ? 0 : server.weight;
  return server.version === stable ? stableWeight : 0;
}
