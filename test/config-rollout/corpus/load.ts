import { Agent } from 'node:http';
import { send, type Sent } from './send.ts';

/** Requests to every proxy of a fleet, whether or not those before were answered. */
export interface ShopLoad {
  pause(): void;
  resume(): void;
  /** Answers of 500 and more, and none at all, by address, since the last look. */
  takeFailures(): Readonly<Record<string, number>>;
  stop(): void;
}

/** Per second and proxy. */
const rate = 20;
const tickMs = 1000 / rate;

export function startLoad(addresses: readonly string[], port: number): ShopLoad {
  const agent = new Agent({ keepAlive: true, maxSockets: 50, maxTotalSockets: 500 });
  const mix = mixOf(port);
  let failures: Record<string, number> = {};
  let isPaused = false;
  let turn = 0;

  async function ask(address: string, sent: Sent): Promise<void> {
    const status = await send(address, sent, agent).then(
      (answered) => answered.status,
      () => 599,
    );
    if (status >= 500) failures = { ...failures, [address]: (failures[address] ?? 0) + 1 };
  }

  const timer = setInterval(() => {
    if (isPaused) return;
    turn += 1;
    const sent = mix[turn % mix.length];
    if (sent !== undefined) for (const address of addresses) void ask(address, sent);
  }, tickMs);

  return {
    pause: () => void (isPaused = true),
    resume: () => void (isPaused = false),
    takeFailures() {
      const taken = failures;
      failures = {};
      return taken;
    },
    stop() {
      clearInterval(timer);
      agent.destroy();
    },
  };
}

/** As customers of a shop ask: mostly pages, some carts, some of the interface. */
function mixOf(port: number): Sent[] {
  const get = (path: string): Sent => ({ port, path });
  const pages = ['/', '/shoes', '/', '/hats', '/search'].map(get);
  const carts = ['/cart/1', '/cart/2'].map(get);
  const api = ['/api/orders', '/api/stock', '/api/prices'].map(get);
  const others = ['/ping', '/old'].map(get);
  const bought: Sent = { port, path: '/cart', method: 'POST', body: 'shoes=1' };
  return [pages, carts, api, pages, [bought], carts, api, others].flat();
}
