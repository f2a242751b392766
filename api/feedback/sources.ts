import { Type } from 'typebox';
import { Name, ref } from '../../contracts/common.ts';
import { FeedbackSource, FeedbackSourceInput, FeedbackSourceList } from '../../contracts/feedback-source.ts';
import {
  listSources,
  putSource,
  removeSource,
  requireSource,
  specOf,
  type SourceSpec,
} from '../../db/feedback/source.ts';
import { OpsError } from '../../domain/errors.ts';
import { sourceFaults } from '../../domain/feedback/source-faults.ts';
import { principalOf } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { etagOf, refuseUnmatched } from '../etag.ts';
import { forgetSource } from './known-sources.ts';
import { problems, ProjectParams } from '../schemas.ts';

const SourceParams = Type.Object({ project: Name, name: Name });
const tags = ['feedback'];
const reserved = ['upload', 'uploads', 'logs'];

/** Sources: who may deliver, what is polled, what is kept of it. */
export function registerSources(app: App, { db }: ApiDependencies): void {
  app.put(
    '/sources/:name',
    {
      config: { needs: 'feedback-source:write' },
      schema: {
        tags,
        summary: 'Add a source or replace it; how far a poller has read stays',
        params: SourceParams,
        headers: Type.Object({
          'if-match': Type.Optional(
            Type.String({ description: 'ETag of the source this change was made on' }),
          ),
        }),
        body: ref(FeedbackSourceInput),
        response: { 200: ref(FeedbackSource), 201: ref(FeedbackSource), ...problems },
      },
    },
    async (request, reply) => {
      const { project, name } = request.params;
      const ifMatch = request.headers['if-match'];
      const isNew = await putSource(db, {
        ...{ project, name, spec: checked(name, request.body), principal: principalOf(request) },
        allow: (old) => refuseUnmatched(ifMatch, old),
      });
      forgetSource(db, project, name);
      return send(reply.code(isNew ? 201 : 200), await requireSource(db, project, name));
    },
  );
  app.get(
    '/sources',
    {
      config: { needs: 'feedback-source:read' },
      schema: {
        tags,
        summary: 'List sources with what came from them',
        params: ProjectParams,
        response: { 200: ref(FeedbackSourceList), ...problems },
      },
    },
    async ({ params }) => listSources(db, params.project),
  );
  app.get(
    '/sources/:name',
    {
      config: { needs: 'feedback-source:read' },
      schema: {
        tags,
        summary: 'Show a source with what came from it',
        params: SourceParams,
        response: { 200: ref(FeedbackSource), ...problems },
      },
    },
    async ({ params }, reply) => send(reply, await requireSource(db, params.project, params.name)),
  );
  app.delete(
    '/sources/:name',
    {
      config: { needs: 'feedback-source:write' },
      schema: {
        tags,
        summary: 'Remove a source; what came from it stays',
        params: SourceParams,
        response: { 204: Type.Null({ description: 'Removed' }), ...problems },
      },
    },
    async (request, reply) => {
      const { project, name } = request.params;
      await removeSource(db, project, name, principalOf(request));
      forgetSource(db, project, name);
      return reply.code(204).send(null);
    },
  );
}

/** With its ETag, for an edit that must not undo somebody else's. */
function send(
  reply: { header(name: string, value: string): unknown },
  source: FeedbackSource,
): FeedbackSource {
  reply.header('etag', etagOf(specOf(source)));
  return source;
}

/** Checks what no schema can say and fills in the defaults. */
function checked(name: string, input: FeedbackSourceInput): SourceSpec {
  const { kind, enabled = true, secret = null, settings = {}, filter = {}, dailyQuota = null } = input;
  const faults = sourceFaults(kind, settings);
  const [first] = faults;
  if (first !== undefined)
    throw new OpsError('invalid-input', `the source cannot be used: ${first.pointer} ${first.detail}`, {
      errors: faults,
    });
  if (reserved.includes(name))
    throw new OpsError('invalid-input', `${name} is a word of the API itself; give the source another name`, {
      errors: [{ pointer: 'params/name', detail: 'is reserved' }],
    });
  return { kind, enabled, secret, settings, filter, dailyQuota };
}
