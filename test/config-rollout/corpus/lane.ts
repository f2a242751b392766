import { createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { askApi, type ApiAccess } from '../../../bench/ask-api.ts';
import { startRealProxy, type RealProxy } from '../../../bench/fleet/real-proxy.ts';
import type { ConfigDocument } from '../../../contracts/config-document.ts';
import type { ConfigPlanInput } from '../../../contracts/config-plan.ts';
import type { ConfigRevisionDetail } from '../../../contracts/config-revision.ts';
import type { ConfigRollout } from '../../../contracts/config-rollout.ts';
import type { OperationEvent } from '../../../contracts/operation.ts';
import { freePort } from '../../../infra/net/ports.ts';
import { startLoad, type ShopLoad } from './load.ts';
import { startServices, type Services } from './services.ts';
import { shopDocument, shopSettings, type CertificateNames, type ShopPlace } from './shop.ts';
import { watchFleet, type FleetWatch } from './watch-fleet.ts';

/** How a rollout ended, as its timeline and its last state have it. */
export interface Told {
  readonly rollout: ConfigRollout;
  readonly events: readonly OperationEvent[];
}

/** An environment with a fleet of its own, servers behind it and people who ask it. */
export interface Lane {
  readonly environment: string;
  readonly place: ShopPlace;
  readonly proxies: readonly RealProxy[];
  /** The first wave; `rest` are all others. */
  readonly first: readonly RealProxy[];
  readonly rest: readonly RealProxy[];
  readonly load: ShopLoad;
  readonly services: Services;
  readonly watch: FleetWatch;
  readonly shop: ConfigDocument;
  /** What each proxy serves when it runs the shop. */
  readonly shopHash: string;
  api<T>(method: 'GET' | 'POST' | 'PUT', route: string, body?: unknown): Promise<T>;
  /** Makes a document the head and rolls it out, as people do; answers when that is over. */
  rollOut(document: ConfigDocument, reason: string, plan?: ConfigPlanInput): Promise<Told>;
  close(): Promise<void>;
}

const firstProxies = 2;
const proxyCount = 5;
/** Traffic of before, which a change is compared with. */
const warmUpMs = 4000;
const allAtOnce: ConfigPlanInput = { waves: [], rest: { bake: '0' } };

export async function openLane(api: ApiAccess, index: number, certificates: CertificateNames): Promise<Lane> {
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closers.reverse()) await end();
  };
  try {
    return await assemble(api, index, certificates, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function assemble(
  api: ApiAccess,
  index: number,
  certificates: CertificateNames,
  closers: (() => unknown)[],
  close: () => Promise<void>,
): Promise<Lane> {
  const environment = `shop-${index}`;
  const services = await startServices();
  closers.push(() => services.close());
  const addresses = Array.from({ length: proxyCount }, (_, at) => `127.77.${index}.${at + 1}`);
  const place = await choosePlace(services, certificates);
  const holders = await Promise.all(addresses.map((address) => hold(address, place.taken)));
  closers.push(() => holders.map((holder) => holder.close()));
  const ask: Lane['api'] = (method, route, body) => askApi(api, { method, route, body });
  await ask('PUT', `/environments/${environment}`, shopSettings(place));
  const proxies = await startProxies(api, environment, addresses, closers);
  const rollOut = createRollOut(api, environment, ask);
  const shop = shopDocument(place);
  await bringFirst(rollOut, shop);
  const shopHash = (await proxies[0]?.servedHash()) ?? '';
  const load = startLoad(addresses, place.port);
  closers.push(() => load.stop());
  const watch = watchFleet(proxies);
  closers.push(() => watch.stop());
  await delay(warmUpMs);
  return {
    ...{ environment, place, proxies, load, services, watch, shop, shopHash, api: ask, rollOut, close },
    first: proxies.slice(0, firstProxies),
    rest: proxies.slice(firstProxies),
  };
}

async function choosePlace(
  { addresses: services }: Services,
  certificates: CertificateNames,
): Promise<ShopPlace> {
  const [port, spare, taken] = [await freePort(), await freePort(), await freePort()];
  return { port, spare, taken, services, certificates };
}

/** Somebody else on the node. */
function hold(address: string, port: number): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, address, () => resolve(server));
  });
}

async function startProxies(
  api: ApiAccess,
  environment: string,
  addresses: readonly string[],
  closers: (() => unknown)[],
): Promise<RealProxy[]> {
  const started = addresses.map((address, at) =>
    startRealProxy({
      ...{ api, environment, address, proxy: `${environment}-${at + 1}` },
      labels: { ring: at < firstProxies ? 'first' : 'other' },
      env: { HOLDFAST_AGENT_WINDOW: '1s' },
    }),
  );
  for (const result of await Promise.allSettled(started))
    if (result.status === 'fulfilled') closers.push(() => result.value.close());
  return Promise.all(started);
}

function createRollOut(api: ApiAccess, environment: string, ask: Lane['api']): Lane['rollOut'] {
  let head: string | null = null;
  return async (document, reason, plan) => {
    const headers: Record<string, string> =
      head === null ? { 'if-none-match': '*' } : { 'if-match': `"${head}"` };
    const route = `/environments/${environment}/config`;
    const put = { method: 'PUT', route, body: { document, reason }, headers } as const;
    head = (await askApi<ConfigRevisionDetail>(api, put)).revision;
    const { id } = await ask<ConfigRollout>('POST', '/config-rollouts', { environment, reason, plan });
    const rollout = await untilClosed(ask, id);
    const { items } = await ask<{ items: OperationEvent[] }>('GET', `/operations/${id}/events?limit=200`);
    return { rollout, events: items };
  };
}

async function untilClosed(ask: Lane['api'], id: string): Promise<ConfigRollout> {
  const deadline = performance.now() + 120_000;
  for (;;) {
    const rollout = await ask<ConfigRollout>('GET', `/config-rollouts/${id}`);
    if (rollout.status === 'closed') return rollout;
    if (performance.now() > deadline)
      throw new Error(`the rollout ${id} does not end: ${JSON.stringify(rollout.state)}`);
    await delay(200);
  }
}

/** Nothing ran before it, so there is nothing to compare it with: all at once. */
async function bringFirst(rollOut: Lane['rollOut'], shop: ConfigDocument): Promise<void> {
  const { rollout } = await rollOut(shop, 'the shop as it is', allAtOnce);
  if (rollout.state.outcome !== 'completed')
    throw new Error(`the shop was not opened: ${rollout.state.reason}`);
}
