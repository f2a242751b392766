import { Type } from 'typebox';
import { AgentOrder } from '../../contracts/agent-update.ts';
import { Name, ref } from '../../contracts/common.ts';
import { orderOfProxy } from '../../db/agent-update/order.ts';
import { releaseOfProxy } from '../../db/agent-update/release.ts';
import { signAgentOrder } from '../../domain/agent-update/order-text.ts';
import { OpsError } from '../../domain/errors.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { requireSigner } from '../fleet/require-signer.ts';
import { problems } from '../schemas.ts';
import { scopeToProxy } from '../scope.ts';

export { registerAgentUpdates } from './updates.ts';

/** For agents whose clock is behind. */
const earlierMs = 60_000;
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** How an agent fetches the order to update itself, and the release that it names. */
export function registerAgentOrders(app: App, { db, signer }: Pick<ApiDependencies, 'db' | 'signer'>): void {
  const tags = ['proxies'];
  app.get(
    '/v1/proxies/:proxy/agent-order',
    {
      config: { needs: 'proxy:speak' },
      preHandler: scopeToProxy,
      schema: {
        tags,
        summary: 'The newest signed order to the agent of the proxy, to run a release of itself',
        params: Type.Object({ proxy: Name }),
        response: { 200: ref(AgentOrder), ...problems },
      },
    },
    async ({ params: { proxy } }, reply) => {
      const found = await orderOfProxy(db, proxy);
      if (!found) throw new OpsError('not-found', `the agent of proxy ${proxy} was ordered nothing`);
      const { orderedAt, expiresAt, ...order } = found;
      void reply.header('cache-control', 'no-store');
      return signAgentOrder(requireSigner(signer), {
        ...{ ...order, proxy },
        notBefore: new Date(orderedAt.getTime() - earlierMs).toISOString(),
        expiresAt: expiresAt.toISOString(),
      });
    },
  );
  app.get(
    '/v1/proxies/:proxy/agent-releases/:sha256',
    {
      config: { needs: 'proxy:speak' },
      preHandler: scopeToProxy,
      schema: {
        tags,
        summary: 'The program of a release, as it was uploaded',
        params: Type.Object({ proxy: Name, sha256: Sha256 }),
        response: { 200: Type.String({ description: 'One ES module' }), ...problems },
      },
    },
    async ({ params: { proxy, sha256 } }, reply) => {
      const content = await releaseOfProxy(db, proxy, sha256);
      if (content === null)
        throw new OpsError('not-found', `there is no agent release ${sha256} for proxy ${proxy}`);
      return reply.header('content-type', 'text/javascript; charset=utf-8').send(content);
    },
  );
}
