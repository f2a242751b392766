import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { ref } from '../../contracts/common.ts';
import { ProxyCredentials, ProxyEnrollmentExchange } from '../../contracts/proxy-enrollment.ts';
import { keyRecordOf, newSecret } from '../../db/access/secret.ts';
import { enrolProxy } from '../../db/config-rollout/enrol-proxy.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Guard } from '../authorize.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { newId } from '../new-id.ts';
import { problems } from '../schemas.ts';
import { requireSigner } from './require-signer.ts';
import { hashOfToken } from './enrollments.ts';

/** Where the agent of an invited proxy comes with its token, which is the whole proof. */
export function registerExchange(app: App, dependencies: ApiDependencies, guard: Guard): void {
  app.post(
    '/v1/proxy-enrollments',
    {
      config: { isPublic: true },
      schema: {
        tags: ['fleet'],
        summary: 'Trade the one-time token of an invitation for the key of the agent; works once',
        body: ref(ProxyEnrollmentExchange),
        response: { 201: ref(ProxyCredentials), ...problems },
      },
    },
    async (request, reply) => {
      void reply.header('cache-control', 'no-store');
      return reply.code(201).send(await trade(request, request.body.token, dependencies, guard));
    },
  );
}

async function trade(
  request: FastifyRequest,
  token: string,
  { db, signer }: ApiDependencies,
  guard: Guard,
): Promise<Static<typeof ProxyCredentials>> {
  // Before the token is used up: an agent without the public key could take no configuration.
  const configKeys = requireSigner(signer).publicKey;
  const secret = newSecret();
  const key = keyRecordOf(secret);
  if (key === null) throw new OpsError('internal', 'a new key is not one of ours');
  const enrolled = await enrolProxy(db, { tokenHash: hashOfToken(token), keyId: newId(), key });
  if (enrolled) return { ...enrolled, key: secret, configKeys };
  await guard.countRefusal(request);
  throw new OpsError(
    'unauthenticated',
    'the token is unknown, used or expired; an admin of the project makes another: POST /v1/projects/PROJECT/enrollments',
  );
}
