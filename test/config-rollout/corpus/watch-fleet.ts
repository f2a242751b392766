import type { RealProxy } from '../../../bench/fleet/real-proxy.ts';

/** What HAProxies themselves answer that they serve, seen from outside of everything that is tested. */
export interface FleetWatch {
  /** Every hash that a proxy served since the last look, with when it was last seen, in Unix milliseconds. */
  take(): Readonly<Record<string, ReadonlyMap<string, number>>>;
  stop(): void;
}

const lookMs = 200;

export function watchFleet(proxies: readonly RealProxy[]): FleetWatch {
  let seen = nothing(proxies);
  let isLooking = false;

  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    const into = seen;
    await Promise.all(
      proxies.map(async (proxy) => {
        const at = Date.now();
        const hash = await proxy.servedHash();
        if (hash !== null) into[proxy.name]?.set(hash, at);
      }),
    );
    isLooking = false;
  }

  const timer = setInterval(() => void look(), lookMs);
  return {
    take() {
      const taken = seen;
      seen = nothing(proxies);
      return taken;
    },
    stop: () => clearInterval(timer),
  };
}

function nothing(proxies: readonly RealProxy[]): Record<string, Map<string, number>> {
  return Object.fromEntries(proxies.map(({ name }) => [name, new Map<string, number>()]));
}
