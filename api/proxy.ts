import { Type } from 'typebox';
import { Name, Problem, ref } from '../contracts/common.ts';
import { DesiredState, Proxy, ProxyList, ProxyReport, ProxyReportAnswer } from '../contracts/proxy.ts';
import type { Db } from '../db/connect.ts';
import { desiredRevision, desiredState, listProxies, recordReport } from '../db/proxy.ts';
import type { Notifications } from '../db/notifications.ts';
import type { App } from './dependencies.ts';
import { problems } from './schemas.ts';
import { scopeToInstallation, scopeToProxy } from './scope.ts';

const reportLimit = 1024 * 1024;
const longestWaitMs = 30_000;
/** A notification can be lost while its connection is made anew; a look each second bounds what that costs. */
const lookAgainMs = 1000;

const ProxyParams = Type.Object({ proxy: Name });

/** What proxy agents call, and the list of proxies for people. */
export function proxyRoutes(
  app: App,
  { db, notifications }: { db: Db; notifications: Pick<Notifications, 'on'> },
): void {
  for (const schema of [Problem, DesiredState, Proxy, ProxyList, ProxyReport, ProxyReportAnswer]) {
    if (!app.getSchema((schema as { $id?: string }).$id ?? '')) app.addSchema(schema);
  }
  // A stopping API answers everybody who waits, instead of waiting for them.
  const closing = new AbortController();
  app.addHook('preClose', (done) => {
    closing.abort();
    done();
  });
  const tags = ['proxies'];
  app.get(
    '/v1/proxies',
    {
      config: { needs: 'proxy:read' },
      preHandler: scopeToInstallation,
      schema: {
        tags,
        summary: 'Every proxy that was ever heard',
        response: { 200: ref(ProxyList), ...problems },
      },
    },
    async () => ({ items: await listProxies(db) }),
  );
  app.get(
    '/v1/proxies/:proxy/desired-state',
    {
      config: { needs: 'proxy:speak' },
      preHandler: scopeToProxy,
      schema: {
        tags,
        summary: 'What the agent is to bring about; waits for a revision other than `after`',
        params: ProxyParams,
        querystring: Type.Object({
          after: Type.Integer({ minimum: -1, default: -1 }),
          waitMs: Type.Integer({ minimum: 0, default: 0 }),
        }),
        response: { 200: ref(DesiredState), ...problems },
      },
    },
    async (request, reply) => {
      const { proxy } = request.params;
      const { after, waitMs } = request.query;
      const gone = new AbortController();
      const end = (): void => gone.abort();
      reply.raw.once('close', end);
      closing.signal.addEventListener('abort', end, { once: true });
      if (closing.signal.aborted) end();
      const deadline = performance.now() + Math.min(waitMs, longestWaitMs);
      await revisionOtherThan(after, { db, notifications, proxy, deadline, signal: gone.signal });
      closing.signal.removeEventListener('abort', end);
      // A connection that is kept open would keep the stopping server open, too.
      if (closing.signal.aborted) void reply.header('connection', 'close');
      return desiredState(db, proxy);
    },
  );
  app.post(
    '/v1/proxies/:proxy/reports',
    {
      config: { needs: 'proxy:speak' },
      preHandler: scopeToProxy,
      bodyLimit: reportLimit,
      schema: {
        tags,
        summary: 'What the agent has proven, with counters and trips; once a second',
        params: ProxyParams,
        body: ref(ProxyReport),
        response: { 200: ref(ProxyReportAnswer), ...problems },
      },
    },
    (request) => recordReport(db, request.params.proxy, request.body),
  );
}

interface Wait {
  readonly db: Db;
  readonly notifications: Pick<Notifications, 'on'>;
  readonly proxy: string;
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** Returns when the revision is another one, at the deadline, or as soon as the caller has hung up. */
async function revisionOtherThan(after: number, wait: Wait): Promise<void> {
  const bell = ring(wait);
  try {
    for (;;) {
      const rung = bell.next();
      if ((await desiredRevision(wait.db, wait.proxy)) !== after) return;
      const left = wait.deadline - performance.now();
      if (left <= 0 || wait.signal.aborted) return;
      await rung(Math.min(left, lookAgainMs));
    }
  } finally {
    bell.stop();
  }
}

/** `next` is asked for before the look at the database, so that a change between the look and the wait is not slept through. */
function ring({ notifications, proxy, signal }: Wait): {
  next(): (timeoutMs: number) => Promise<void>;
  stop(): void;
} {
  let rung = false;
  let wake: () => void = () => undefined;
  const strike = (): void => {
    rung = true;
    wake();
  };
  const off = notifications.on('desired_state', (name) => {
    if (name === proxy) strike();
  });
  signal.addEventListener('abort', strike);
  return {
    next() {
      rung = false;
      return (timeoutMs) =>
        new Promise((resolve) => {
          if (rung) {
            resolve();
            return;
          }
          const timer = setTimeout(resolve, timeoutMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
    },
    stop() {
      off();
      signal.removeEventListener('abort', strike);
    },
  };
}
