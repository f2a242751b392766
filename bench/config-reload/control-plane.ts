import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ConfigBundle, ConfigReport } from '../../contracts/config-bundle.ts';
import type { DesiredState } from '../../contracts/proxy.ts';

/** The part of the API that an agent talks to, kept in memory. It renews no lease. */
export interface SimulatedControlPlane {
  readonly url: string;
  readonly reports: readonly ConfigReport[];
  /** Hands this out from now on, to who waits as well. */
  offer(bundle: ConfigBundle | Record<string, unknown>): void;
  /** Wants these servers from now on. */
  desire(state: DesiredState): void;
  /** Answers nobody any more until `wake`. */
  sleep(): Promise<void>;
  wake(): Promise<void>;
  close(): Promise<void>;
}

export async function startSimulatedControlPlane(): Promise<SimulatedControlPlane> {
  const reports: ConfigReport[] = [];
  let offered: { readonly tag: string; readonly text: string } | null = null;
  const waiting = new Set<() => void>();
  let desired: DesiredState = { revision: 0, backends: [] };
  let server = createServer(answer);
  let port = 0;

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const path = new URL(request.url ?? '', 'http://plane').pathname;
    const end = path.slice(path.lastIndexOf('/') + 1);
    if (end === 'config') giveConfig(request, response);
    else if (end === 'config-reports') takeReport(request, response);
    else if (end === 'reports') give(response, { revision: 0, leases: [], acknowledgedTrips: [] });
    else if (end === 'desired-state') giveDesired(request, response);
    else response.writeHead(404).end();
  }

  function giveDesired(request: IncomingMessage, response: ServerResponse): void {
    const after = Number(new URL(request.url ?? '', 'http://plane').searchParams.get('after'));
    const reply = (): void => give(response, desired);
    if (after === desired.revision) holdBack(request, reply);
    else reply();
  }

  function giveConfig(request: IncomingMessage, response: ServerResponse): void {
    const isNews = (): boolean => offered !== null && offered.tag !== request.headers['if-none-match'];
    const reply = (): void => {
      if (isNews()) response.writeHead(200, { etag: offered?.tag }).end(offered?.text);
      else response.writeHead(offered ? 304 : 404).end();
    };
    if (isNews()) reply();
    else holdBack(request, reply);
  }

  /** As the API does: until there is news, or `waitMs` are over. */
  function holdBack(request: IncomingMessage, reply: () => void): void {
    const url = new URL(request.url ?? '', 'http://plane');
    const end = (): void => {
      clearTimeout(timer);
      if (waiting.delete(end)) reply();
    };
    const timer = setTimeout(end, Number(url.searchParams.get('waitMs')));
    waiting.add(end);
    request.once('close', () => clearTimeout(timer));
  }

  function wakeAll(): void {
    for (const wake of [...waiting]) wake();
  }

  function takeReport(request: IncomingMessage, response: ServerResponse): void {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      reports.push(JSON.parse(Buffer.concat(parts).toString()) as ConfigReport);
      give(response, {});
    });
  }

  function listen(): Promise<void> {
    return new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  }

  function stop(): Promise<void> {
    const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    waiting.clear();
    return stopped;
  }

  await listen();
  port = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${port}`,
    reports,
    offer(bundle) {
      offered = { tag: `"${String(bundle.sequence)}-${String(bundle.hash)}"`, text: JSON.stringify(bundle) };
      wakeAll();
    },
    desire(state) {
      desired = state;
      wakeAll();
    },
    sleep: stop,
    wake() {
      server = createServer(answer);
      return listen();
    },
    close: stop,
  };
}

function give(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
