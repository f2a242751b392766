import { createHash, randomBytes } from 'node:crypto';
import { ref } from '../../contracts/common.ts';
import { EnrollProxy, ProxyEnrollment } from '../../contracts/proxy-enrollment.ts';
import { inviteProxy } from '../../db/config-rollout/fleet.ts';
import { allows } from '../../domain/access/roles.ts';
import { parseDuration } from '../../domain/duration.ts';
import { OpsError } from '../../domain/errors.ts';
import { requirePrincipal } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { idempotencyOf } from '../idempotency.ts';
import { PostHeaders, problems, ProjectParams } from '../schemas.ts';

const longestMs = 30 * 24 * 3600 * 1000;

/**
 * Invitations of proxies. The token is told once, in the answer that makes it, so these requests are not remembered: repeating one
 * makes another token in place of the first.
 */
export function registerEnrollments(app: App, { db }: ApiDependencies): void {
  app.post(
    '/enrollments',
    {
      config: { needs: 'proxy:enroll' },
      schema: {
        tags: ['fleet'],
        summary: 'Invite a proxy: a one-time token that its agent trades for a key of its own',
        params: ProjectParams,
        headers: PostHeaders,
        body: ref(EnrollProxy),
        response: { 201: ref(ProxyEnrollment), ...problems },
      },
    },
    async (request, reply) => {
      idempotencyOf(request);
      const { project } = request.params;
      const { proxy, environment, region = null, labels = {}, address = null } = request.body;
      const expiresAt = new Date(Date.now() + lifeOf(request.body.validFor ?? '24h'));
      const token = `hfe_${randomBytes(32).toString('base64url')}`;
      const who = requirePrincipal(request);
      await inviteProxy(db, {
        ...{ project, environment, proxy, region, labels, address, expiresAt },
        tokenHash: hashOfToken(token),
        by: who.id,
        mayTakeAny: allows(who, 'proxy:enroll', null),
      });
      return reply
        .code(201)
        .header('location', `/v1/projects/${project}/fleet/${proxy}`)
        .send({ proxy, project, environment, token, expiresAt: expiresAt.toISOString() });
    },
  );
}

/** A plain sha256 is enough: nobody guesses 256 random bits. */
export function hashOfToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function lifeOf(validFor: string): number {
  const ms = parseDuration(validFor);
  if (ms > 0 && ms <= longestMs) return ms;
  throw new OpsError('invalid-input', '/validFor must be more than 0 and at most 30d', {
    errors: [{ pointer: '/validFor', detail: 'must be more than 0 and at most 30d' }],
  });
}
