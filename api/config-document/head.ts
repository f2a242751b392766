import { Type } from 'typebox';
import { ref } from '../../contracts/common.ts';
import { ConfigHeadInput, ConfigRevisionDetail } from '../../contracts/config-revision.ts';
import { putHead } from '../../db/config-document/put-head.ts';
import { findHead, requireHead, requireRevision } from '../../db/config-document/revision.ts';
import { renderConfigDocument } from '../../domain/config-document/render/render.ts';
import { principalOf } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { EnvironmentParams, problems } from '../schemas.ts';
import type { ConfigTools } from './config-tools.ts';
import { hangUpOf } from './hang-up.ts';
import { headTag, refuseLostRace } from './head-condition.ts';
import { documentLimit } from './limits.ts';
import { readDocument, refusal, refuseProblems, revisionOfDocument } from './read-document.ts';

const tags = ['config'];

/** The head of an environment: what its next rollout brings. */
export function registerHead(app: App, { db }: ApiDependencies, tools: ConfigTools): void {
  app.get(
    '/environments/:environment/config',
    {
      config: { needs: 'config:read' },
      schema: {
        tags,
        summary: 'Show the head, with its ETag',
        params: EnvironmentParams,
        response: { 200: ref(ConfigRevisionDetail), ...problems },
      },
    },
    async ({ params }, reply) => {
      const head = await requireHead(db, params.project, params.environment);
      return reply.header('etag', headTag(head.revision)).send(head);
    },
  );
  app.put(
    '/environments/:environment/config',
    {
      config: { needs: 'config:write' },
      bodyLimit: documentLimit,
      schema: {
        tags,
        summary: 'Put a new head; nothing is rolled out by it',
        params: EnvironmentParams,
        headers: Type.Object({
          'if-match': Type.Optional(
            Type.String({ description: 'The revision that was changed, in quotes: its ETag' }),
          ),
          'if-none-match': Type.Optional(Type.String({ description: '*: there must be no head yet' })),
        }),
        body: ref(ConfigHeadInput),
        response: { 200: ref(ConfigRevisionDetail), ...problems },
      },
    },
    async (request, reply) => {
      const { params, headers, body } = request;
      const { project, environment } = params;
      const document = readDocument(body.document);
      const revision = revisionOfDocument(document);
      const head = await findHead(db, project, environment);
      // Asked again under the lock; here it spares HAProxy what is lost anyway.
      if (head?.revision !== revision) refuseLostRace(headers, head?.revision ?? null);
      refuseProblems(document);
      const findings = await tools.findings(project, document, hangUpOf(reply));
      if (findings.length > 0) throw refusal(findings, 'is refused by HAProxy itself');
      await putHead(db, {
        ...{ project, environment, revision, document, reason: body.reason },
        schemaVersion: document.schemaVersion,
        rendered: renderConfigDocument(document).text,
        principal: principalOf(request),
        allow: (present) => refuseLostRace(headers, present),
      });
      return reply
        .header('etag', headTag(revision))
        .send(await requireRevision(db, { project, environment, revision }));
    },
  );
}
