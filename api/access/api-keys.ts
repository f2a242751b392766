import { ApiKeyInput, ApiKeyList, NewApiKey, RotateApiKey } from '../../contracts/access.ts';
import { ref } from '../../contracts/common.ts';
import { insertKey, listKeys, requireKey, revokeKey, rotateKey } from '../../db/access/api-key.ts';
import { keyRecordOf, newSecret } from '../../db/access/secret.ts';
import { isPermission } from '../../domain/access/roles.ts';
import { parseDuration } from '../../domain/duration.ts';
import { OpsError } from '../../domain/errors.ts';
import { principalOf } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { idempotencyOf } from '../idempotency.ts';
import { newId } from '../new-id.ts';
import { IdParams, PostHeaders, problems, ProjectParams } from '../schemas.ts';

const dayMs = 24 * 3600 * 1000;
const longestLifeMs = 366 * dayMs;
const longestOverlapMs = 30 * dayMs;

/**
 * API keys of a project. A secret is told once, in the answer that makes it, so these requests are not remembered: an Idempotency-Key
 * is asked for like everywhere, and repeating one makes another key.
 */
export function registerApiKeys(app: App, { db }: ApiDependencies): void {
  const tags = ['access'];
  app.get(
    '/api-keys',
    {
      config: { needs: 'access:read' },
      schema: {
        tags,
        summary: 'The keys of the project, without their secrets, newest first',
        params: ProjectParams,
        response: { 200: ref(ApiKeyList), ...problems },
      },
    },
    async ({ params }) => ({ items: await listKeys(db, params.project) }),
  );
  app.post(
    '/api-keys',
    {
      config: { needs: 'access:write' },
      schema: {
        tags,
        summary: 'Make a key for a member, for this project alone; its secret is shown this once',
        params: ProjectParams,
        headers: PostHeaders,
        body: ref(ApiKeyInput),
        response: { 201: ref(NewApiKey), ...problems },
      },
    },
    async (request, reply) => {
      idempotencyOf(request);
      const { project } = request.params;
      const { principal, name, scopes, expiresIn = '90d' } = request.body;
      refuseUnknownScopes(scopes);
      const id = newId();
      const secret = newSecret();
      await insertKey(db, {
        id,
        project,
        principal,
        name,
        ...recordOf(secret),
        scopes: scopes ?? null,
        expiresAt: new Date(Date.now() + lifeOf(expiresIn)),
        by: principalOf(request),
      });
      return reply.code(201).send({ ...(await requireKey(db, project, id)), secret });
    },
  );
  app.post(
    '/api-keys/:id/rotate',
    {
      config: { needs: 'access:write' },
      schema: {
        tags,
        summary: 'A new secret for a key; the old one works until the overlap is over',
        params: IdParams,
        headers: PostHeaders,
        body: ref(RotateApiKey),
        response: { 201: ref(NewApiKey), ...problems },
      },
    },
    async (request, reply) => {
      idempotencyOf(request);
      const { project, id } = request.params;
      const overlapMs = parseDuration(request.body.overlap ?? '24h');
      if (overlapMs > longestOverlapMs) throw tooLong('/overlap', 'at most 30d');
      const newKeyId = newId();
      const secret = newSecret();
      await rotateKey(db, {
        id,
        newId: newKeyId,
        project,
        ...recordOf(secret),
        by: principalOf(request),
        oldUntil: new Date(Date.now() + overlapMs),
      });
      return reply.code(201).send({ ...(await requireKey(db, project, newKeyId)), secret });
    },
  );
  app.delete(
    '/api-keys/:id',
    {
      config: { needs: 'access:write' },
      schema: {
        tags,
        summary: 'Revoke a key at once',
        params: IdParams,
        response: { 204: { type: 'null', description: 'Revoked' }, ...problems },
      },
    },
    async (request, reply) => {
      const { project, id } = request.params;
      const was = await revokeKey(db, { id, project, by: principalOf(request), at: new Date() });
      if (!was) throw new OpsError('not-found', `there is no key ${id}`);
      return reply.code(204).send(null);
    },
  );
}

function recordOf(secret: string) {
  const record = keyRecordOf(secret);
  if (record === null) throw new OpsError('internal', 'a new key is not one of ours');
  return record;
}

function lifeOf(expiresIn: string): number {
  const ms = parseDuration(expiresIn);
  if (ms <= 0 || ms > longestLifeMs) throw tooLong('/expiresIn', 'more than 0 and at most 366d');
  return ms;
}

function tooLong(pointer: string, detail: string): OpsError {
  return new OpsError('invalid-input', `${pointer} must be ${detail}`, {
    errors: [{ pointer, detail: `must be ${detail}` }],
  });
}

function refuseUnknownScopes(scopes: readonly string[] | undefined): void {
  const errors = (scopes ?? []).flatMap((scope, index) =>
    isPermission(scope)
      ? []
      : [{ pointer: `/scopes/${index}`, detail: 'is not a permission; see docs/access.md' }],
  );
  if (errors.length > 0) throw new OpsError('invalid-input', 'a scope is not a permission', { errors });
}
