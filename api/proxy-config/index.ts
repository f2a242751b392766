import { Type } from 'typebox';
import { Name, ref } from '../../contracts/common.ts';
import { ConfigBundle, ConfigReport } from '../../contracts/config-bundle.ts';
import { reportTogether } from '../../db/config-rollout/report-together.ts';
import { OpsError } from '../../domain/errors.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { requireSigner } from '../fleet/require-signer.ts';
import { problems } from '../schemas.ts';
import { scopeToProxy } from '../scope.ts';
import { createOrderHub } from './order-hub.ts';
import { createSignedBundles } from './signed-bundles.ts';

const reportLimit = 512 * 1024;
const longestWaitMs = 30_000;
const hungUp = new Error('the connection is closed');
const ProxyParams = Type.Object({ proxy: Name });

/** How a configuration reaches the agents of proxies, and what they tell of it. */
export function registerProxyConfig(
  app: App,
  { db, notifications, signer }: Pick<ApiDependencies, 'db' | 'notifications' | 'signer'>,
): void {
  const hub = createOrderHub(db, notifications);
  const bundles = createSignedBundles(db, () => requireSigner(signer));
  // A stopping API answers everybody who waits, instead of waiting for them.
  const closing = new AbortController();
  app.addHook('preClose', (done) => {
    closing.abort();
    hub.close();
    done();
  });
  const tags = ['proxies'];
  app.get(
    '/v1/proxies/:proxy/config',
    {
      config: { needs: 'proxy:speak' },
      preHandler: scopeToProxy,
      schema: {
        tags,
        summary:
          'The signed configuration that the proxy is to run; waits for another one than If-None-Match',
        params: ProxyParams,
        querystring: Type.Object({ waitMs: Type.Integer({ minimum: 0, default: 0 }) }),
        headers: Type.Object({
          'if-none-match': Type.Optional(Type.String({ description: 'The ETag of the one that is there' })),
        }),
        response: {
          200: ref(ConfigBundle),
          304: Type.Null({ description: 'Nothing newer' }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { proxy } = request.params;
      const gone = new AbortController();
      // With a reason that is there already: making one with its stack costs more than the rest of the waiting.
      const end = (): void => gone.abort(hungUp);
      reply.raw.once('close', end);
      const found = await hub.orderOtherThan({
        proxy,
        tag: request.headers['if-none-match'] ?? null,
        deadline: performance.now() + Math.min(request.query.waitMs, longestWaitMs),
        signal: AbortSignal.any([gone.signal, closing.signal]),
      });
      // A connection that is kept open would keep the stopping server open, too.
      if (closing.signal.aborted) void reply.header('connection', 'close');
      if (found === null) throw notEnrolled(proxy);
      const { project, environment, order } = found;
      if (order === null)
        throw new OpsError(
          'not-found',
          `proxy ${proxy} of ${project}/${environment} has no configuration yet`,
        );
      const { body, tag } = await bundles({ project, environment, sequence: order.sequence });
      void reply.header('etag', tag).header('cache-control', 'no-store');
      // No body, and no type of one.
      if (request.headers['if-none-match'] === tag) return reply.code(304).send(undefined as never);
      // Finished bytes: it is the same for every proxy, and the signature is over it as it is.
      return reply.header('content-type', 'application/json; charset=utf-8').send(body as never);
    },
  );
  app.post(
    '/v1/proxies/:proxy/config-reports',
    {
      config: { needs: 'proxy:speak' },
      preHandler: scopeToProxy,
      bodyLimit: reportLimit,
      schema: {
        tags,
        summary: 'What became of a configuration; when something changed, and every 10 s',
        params: ProxyParams,
        body: ref(ConfigReport),
        response: { 204: Type.Null({ description: 'Kept' }), ...problems },
      },
    },
    async (request, reply) => {
      const { proxy } = request.params;
      const kept = await reportTogether(db, { proxy, report: request.body });
      if (!kept) throw notEnrolled(proxy);
      // Told here, so that no agent has to hold one more connection open for what comes once in months.
      if (kept.agentOrder !== null) void reply.header('holdfast-agent-order', String(kept.agentOrder));
      return reply.code(204).send(null);
    },
  );
}

function notEnrolled(proxy: string): OpsError {
  return new OpsError(
    'not-found',
    `proxy ${proxy} is not enrolled in an environment; invite it: POST /v1/projects/PROJECT/enrollments, then run the agent's verb enroll`,
  );
}
