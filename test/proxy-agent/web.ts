import { createServer, request, Agent } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestServer {
  readonly version: string;
  readonly address: string;
  /** Chance of a 500, 0 to 1. */
  errorRate: number;
  delayMs: number;
  /** Requests answered so far. */
  answered: number;
  close(): Promise<void>;
}

/** One instance of a version; it names itself in the header `x-version`. */
export async function startServer(version: string): Promise<TestServer> {
  const server = createServer((_, response) => {
    const answer = (): void => {
      running.answered += 1;
      const isBad = running.answered % Math.round(1 / running.errorRate) === 0;
      response.writeHead(running.errorRate > 0 && isBad ? 500 : 200, { 'x-version': version }).end(version);
    };
    if (running.delayMs > 0) setTimeout(answer, running.delayMs);
    else answer();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const running: TestServer = {
    version,
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    errorRate: 0,
    delayMs: 0,
    answered: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return running;
}

export interface Answer {
  /** When it was asked and when it was complete, on `performance.now()`. */
  readonly sentAt: number;
  readonly at: number;
  readonly status: number;
  readonly version: string | null;
}

export interface Load {
  readonly answers: readonly Answer[];
  stop(): Promise<void>;
}

/** An open loop: so many requests a second, whatever becomes of them. Status 0 is no answer at all. */
export function startLoad(url: string, perSecond: number): Load {
  const answers: Answer[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const pending = new Set<Promise<void>>();
  const startedAt = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = ((performance.now() - startedAt) / 1000) * perSecond;
    for (; sent < due; sent++) {
      const one = ask(url, agent).then((answer) => {
        answers.push(answer);
        pending.delete(one);
      });
      pending.add(one);
    }
  }, 5);
  return {
    answers,
    async stop() {
      clearInterval(timer);
      await Promise.all(pending);
      agent.destroy();
    },
  };
}

function ask(url: string, agent: Agent): Promise<Answer> {
  const sentAt = performance.now();
  return new Promise((resolve) => {
    const end = (status: number, version: string | null): void =>
      resolve({ sentAt, at: performance.now(), status, version });
    const sent = request(url, { agent }, (response) => {
      response.resume();
      response.once('end', () =>
        end(response.statusCode ?? 0, String(response.headers['x-version'] ?? '') || null),
      );
      response.once('error', () => end(0, null));
    });
    sent.once('error', () => end(0, null));
    sent.end();
  });
}
