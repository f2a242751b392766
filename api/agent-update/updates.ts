import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import {
  AgentRelease,
  AgentReleaseInput,
  AgentUpdate,
  longestRelease,
  OrderAgentUpdate,
} from '../../contracts/agent-update.ts';
import { Name, ref } from '../../contracts/common.ts';
import { orderUpdate } from '../../db/agent-update/order.ts';
import { putRelease } from '../../db/agent-update/release.ts';
import { parseDuration } from '../../domain/duration.ts';
import { OpsError } from '../../domain/errors.ts';
import { principalOf } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { requireSigner } from '../fleet/require-signer.ts';
import { idempotencyOf } from '../idempotency.ts';
import { PostHeaders, problems, ProjectParams } from '../schemas.ts';

/** JSON may write each byte of a text as six. */
const bodyLimit = 6 * longestRelease + 10_000;
const longestMs = 90 * 24 * 3600 * 1000;
const ReleaseParams = Type.Object({ project: Name, sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) });

/** Releases of the agent, and the orders to run them. */
export function registerAgentUpdates(app: App, { db, signer }: ApiDependencies): void {
  const tags = ['fleet'];
  app.put(
    '/agent-releases/:sha256',
    {
      config: { needs: 'proxy:update' },
      bodyLimit,
      schema: {
        tags,
        summary:
          'Upload a release of the proxy agent under the sha256 of its content; again it changes nothing',
        params: ReleaseParams,
        body: ref(AgentReleaseInput),
        response: { 200: ref(AgentRelease), ...problems },
      },
    },
    async (request) => {
      const { project, sha256 } = request.params;
      const { version, content } = request.body;
      const size = sizeOf(content, sha256);
      return putRelease(db, { project, sha256, version, size, content, by: principalOf(request) });
    },
  );
  app.post(
    '/agent-updates',
    {
      config: { needs: 'proxy:update' },
      schema: {
        tags,
        summary:
          'Order a release for proxies; each agent takes it within seconds. Repeated it is a newer order of the same release',
        params: ProjectParams,
        headers: PostHeaders,
        body: ref(OrderAgentUpdate),
        response: { 201: ref(AgentUpdate), ...problems },
      },
    },
    async (request, reply) => {
      idempotencyOf(request);
      requireSigner(signer);
      const { release, environment, proxies, region, labels, all, reason, validFor } = request.body;
      const isNamed = proxies !== undefined || region !== undefined || labels !== undefined;
      if (isNamed === (all === true)) throw notChosen(isNamed);
      const ordered = await orderUpdate(db, {
        ...{ project: request.params.project, environment, release, reason, by: principalOf(request) },
        ...{ proxies: proxies ?? null, region: region ?? null, labels: labels ?? {} },
        expiresAt: new Date(Date.now() + lifeOf(validFor ?? '7d')),
      });
      return reply.code(201).send(ordered);
    },
  );
}

function sizeOf(content: string, sha256: string): number {
  const size = Buffer.byteLength(content);
  if (size > longestRelease) {
    const detail = `has ${size} bytes; ${longestRelease} are the most`;
    throw new OpsError('too-large', `/content ${detail}`, { errors: [{ pointer: '/content', detail }] });
  }
  if (createHash('sha256').update(content).digest('hex') === sha256) return size;
  throw new OpsError('invalid-input', `/content does not have the sha256 ${sha256}`, {
    errors: [{ pointer: '/content', detail: 'does not have the sha256 of the path' }],
  });
}

function notChosen(isNamed: boolean): OpsError {
  const detail = isNamed
    ? 'must be left out beside proxies, region or labels'
    : 'or proxies, region or labels are needed';
  return new OpsError('invalid-input', `/all ${detail}`, { errors: [{ pointer: '/all', detail }] });
}

function lifeOf(validFor: string): number {
  const ms = parseDuration(validFor);
  if (ms > 0 && ms <= longestMs) return ms;
  throw new OpsError('invalid-input', '/validFor must be more than 0 and at most 90d', {
    errors: [{ pointer: '/validFor', detail: 'must be more than 0 and at most 90d' }],
  });
}
