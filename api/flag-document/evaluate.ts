import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import { Name, Problem, ref } from '../../contracts/common.ts';
import { FlagContext, FlagEvaluation, FlagFailure } from '../../contracts/flag-document.ts';
import { findFlags } from '../../db/flag-document/head.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { evaluate, evaluateKey } from '../../domain/config-document/flags/evaluate.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { EnvironmentParams, problems } from '../schemas.ts';

const tags = ['flags'];
const base = '/environments/:environment/ofrep/v1/evaluate/flags';
const Body = Type.Object({ context: Type.Optional(ref(FlagContext)) }, { description: 'Who asks' });
const FlagKey = Type.String({ pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$' });

/** A flag that cannot be evaluated is told in the words of the protocol, anything else as a problem. */
const failure = (description: string) => ({
  description,
  content: {
    'application/json': { schema: FlagFailure },
    'application/problem+json': { schema: ref(Problem) },
  },
});

/** The OpenFeature Remote Evaluation Protocol: what any of its providers asks. Evaluating changes nothing. */
export function registerEvaluation(app: App, { db }: ApiDependencies): void {
  app.post(
    `${base}/:key`,
    {
      config: { needs: 'config:read' },
      schema: {
        tags,
        summary: 'Evaluate a flag for who asks',
        params: Type.Object({ project: Name, environment: Name, key: FlagKey }),
        body: Body,
        response: {
          200: FlagEvaluation,
          400: failure('The context does not let it be evaluated'),
          404: failure('There is no such flag'),
          ...problems,
        },
      },
    },
    async ({ params, body }, reply) => {
      const flags = await findFlags(db, params.project, params.environment);
      const document = flags?.document ?? { schemaVersion: 1, flags: [] };
      const outcome = evaluateKey(document, params.key, body.context ?? {});
      if (!('errorCode' in outcome)) return reply.send(outcome);
      const status = outcome.errorCode === 'FLAG_NOT_FOUND' ? 404 : 400;
      return reply.code(status).type('application/json').send(outcome);
    },
  );
  app.post(
    base,
    {
      config: { needs: 'config:read' },
      schema: {
        tags,
        summary: 'Evaluate every flag for who asks',
        params: EnvironmentParams,
        headers: Type.Object({
          'if-none-match': Type.Optional(Type.String({ description: 'ETag of the answer before' })),
        }),
        body: Body,
        response: {
          200: Type.Object({ flags: Type.Array(Type.Union([FlagEvaluation, FlagFailure])) }),
          304: Type.Null({ description: 'Every answer is as before' }),
          ...problems,
        },
      },
    },
    async ({ params, headers, body }, reply) => {
      const found = await findFlags(db, params.project, params.environment);
      const flags = (found?.document.flags ?? []).map((flag) => evaluate(flag, body.context ?? {}));
      const etag = `"${createHash('sha256').update(canonicalJson(flags)).digest('hex').slice(0, 32)}"`;
      void reply.header('etag', etag);
      const known = headers['if-none-match']?.split(/\s*,\s*/) ?? [];
      if (known.includes(etag) || known.includes(`W/${etag}`))
        return reply.code(304).send(undefined as never);
      return reply.send({ flags });
    },
  );
}
