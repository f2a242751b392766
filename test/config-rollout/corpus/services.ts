import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { shopKey } from './shop.ts';

/**
 * The servers behind the shop. `pages`, `cart` and `api` are well: each takes its own paths and no others. The rest is what can be wrong
 * with a server of `api`: `tired` is well for 10 s and then is not, `mute` takes a request and says nothing.
 */
export const serviceNames = ['pages', 'cart', 'api', 'tired', 'failing', 'slow', 'mute', 'nobody'] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface Services {
  readonly addresses: Readonly<Record<ServiceName, string>>;
  /** `tired` is fresh again: its 10 s begin with its next request. */
  refresh(): void;
  close(): Promise<void>;
}

/** Far from what a busy machine adds by itself. */
const answerMs = 100;
const slowTimes = 5;
const freshMs = 10_000;
/** One in so many answers of `api` is an error, before a change as after it: nothing is ever perfect. */
const usualFaults = 200;

export async function startServices(): Promise<Services> {
  let tiredSince: number | null = null;
  let asked = 0;
  const isTired = (): boolean => {
    tiredSince ??= performance.now();
    return performance.now() - tiredSince > freshMs;
  };
  const isFaulty = (): boolean => (asked += 1) % usualFaults === 0;
  const services: Record<Exclude<ServiceName, 'nobody'>, Service> = {
    pages: { takes: (path) => !/^\/(cart|api)\b/.test(path), ms: answerMs },
    cart: { takes: (path) => path.startsWith('/cart'), ms: answerMs },
    api: { takes: isOfApi, ms: answerMs, fails: isFaulty },
    tired: { takes: isOfApi, ms: answerMs, fails: isTired },
    failing: { takes: isOfApi, ms: answerMs, fails: () => true },
    slow: { takes: isOfApi, ms: answerMs * slowTimes },
    mute: { takes: isOfApi, ms: null },
  };
  const started = await Promise.all(
    Object.entries(services).map(async ([name, service]) => ({ name, server: await start(service) })),
  );
  const addresses = Object.fromEntries(started.map(({ name, server }) => [name, addressOf(server)]));
  return {
    addresses: { ...addresses, nobody: await addressOfNobody() } as Record<ServiceName, string>,
    refresh: () => void (tiredSince = null),
    async close() {
      await Promise.all(started.map(({ server }) => stop(server)));
    },
  };
}

function isOfApi(path: string): boolean {
  return path.startsWith('/api');
}

interface Service {
  takes(path: string): boolean;
  fails?(): boolean;
  /** null: never. */
  readonly ms: number | null;
}

function start(service: Service): Promise<Server> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    request.resume();
    if (service.ms !== null) setTimeout(() => answer(service, request, response), service.ms);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function answer(service: Service, request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? '/';
  response.writeHead(statusOf(service, path, request), { 'content-type': 'text/plain' }).end('said\n');
}

function statusOf(service: Service, path: string, { headers }: IncomingMessage): number {
  if (!service.takes(path)) return 404;
  if (path.endsWith('/healthz')) return 200;
  if (headers[shopKey.name.toLowerCase()] !== shopKey.value) return 401;
  return service.fails?.() === true ? 500 : 200;
}

/** A port that was free a moment ago. */
async function addressOfNobody(): Promise<string> {
  const server = await start({ takes: () => false, ms: null });
  const address = addressOf(server);
  await stop(server);
  return address;
}

function addressOf(server: Server): string {
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function stop(server: Server): Promise<unknown> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}
