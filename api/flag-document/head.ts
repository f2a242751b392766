import { Type } from 'typebox';
import { ref } from '../../contracts/common.ts';
import { FlagDocument } from '../../contracts/flag-document.ts';
import { sha256 } from '../../db/audit/record.ts';
import { findFlags, putFlags } from '../../db/flag-document/head.ts';
import { toHex, toUtf8 } from '../../domain/audit/bytes.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { flagProblems } from '../../domain/config-document/flags/policy.ts';
import { OpsError } from '../../domain/errors.ts';
import { principalOf } from '../auth.ts';
import { headTag, refuseLostRace } from '../config-document/head-condition.ts';
import { documentLimit } from '../config-document/limits.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { EnvironmentParams, problems } from '../schemas.ts';

const tags = ['flags'];

/** The flags of an environment; what is put is evaluated from then on. */
export function registerFlagHead(app: App, { db }: ApiDependencies): void {
  app.get(
    '/environments/:environment/flags',
    {
      config: { needs: 'config:read' },
      schema: {
        tags,
        summary: 'Show the flags, with their ETag',
        params: EnvironmentParams,
        response: { 200: ref(FlagDocument), ...problems },
      },
    },
    async ({ params }, reply) => {
      const flags = await findFlags(db, params.project, params.environment);
      if (flags === null)
        throw new OpsError(
          'not-found',
          `the environment ${params.environment} has no flags yet; write them: PUT …/environments/${params.environment}/flags`,
        );
      return reply.header('etag', headTag(flags.revision)).send(flags.document);
    },
  );
  app.put(
    '/environments/:environment/flags',
    {
      config: { needs: 'config:write' },
      bodyLimit: documentLimit,
      schema: {
        tags,
        summary: 'Put the flags of an environment',
        params: EnvironmentParams,
        headers: Type.Object({
          'if-match': Type.Optional(Type.String({ description: 'The ETag of what was changed' })),
          'if-none-match': Type.Optional(Type.String({ description: '*: there must be no flags yet' })),
        }),
        body: ref(FlagDocument),
        response: { 200: ref(FlagDocument), ...problems },
      },
    },
    async (request, reply) => {
      const { params, headers, body: document } = request;
      refuseFlags(document);
      const revision = toHex(sha256(toUtf8(canonicalJson(document))));
      await putFlags(db, {
        ...{ ...params, revision, document, principal: principalOf(request) },
        allow: (present) =>
          refuseLostRace(headers, present, 'read the flags again and repeat your change on those'),
      });
      return reply.header('etag', headTag(revision)).send(document);
    },
  );
}

function refuseFlags(document: FlagDocument): void {
  const errors = flagProblems(document);
  const first = errors[0];
  if (first === undefined) return;
  throw new OpsError('invalid-input', `the flags cannot be evaluated: ${first.pointer} ${first.detail}`, {
    errors,
  });
}
