import { Type } from 'typebox';
import { Name, ref } from '../contracts/common.ts';
import { Operation, OperationEventPage, OperationPage, OperationStatus } from '../contracts/operation.ts';
import { listEvents, listOperations } from '../db/operation.ts';
import { OpsError } from '../domain/errors.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import type { ApiDependencies, App } from './dependencies.ts';
import { registerEventStream } from './event-stream.ts';
import { requireOperation } from './require-operation.ts';
import { Cursor, IdParams, Limit, problems, ProjectParams } from './schemas.ts';

/** Runs of every kind, from Postgres: listing, one, and its timeline. */
export function registerOperations(app: App, dependencies: ApiDependencies): void {
  const { db } = dependencies;
  const tags = ['operations'];
  app.get(
    '/operations',
    {
      config: { needs: 'operation:read' },
      schema: {
        tags,
        summary: 'List operations, newest first',
        params: ProjectParams,
        querystring: Type.Object({
          kind: Type.Optional(Name),
          status: Type.Optional(OperationStatus),
          target: Type.Optional(Type.String({ maxLength: 200 })),
          limit: Limit,
          cursor: Cursor,
        }),
        response: { 200: ref(OperationPage), ...problems },
      },
    },
    async (request) => {
      const { limit = 50, cursor, ...filter } = request.query;
      const page = { ...filter, before: decodeCursor(cursor), limit: limit + 1 };
      return pageOf(await listOperations(db, request.params.project, page), limit, ({ id }) => id);
    },
  );
  app.get(
    '/operations/:id',
    {
      config: { needs: 'operation:read' },
      schema: {
        tags,
        summary: 'Show an operation',
        params: IdParams,
        response: { 200: ref(Operation), ...problems },
      },
    },
    ({ params }) => requireOperation(db, params.project, params.id),
  );
  app.get(
    '/operations/:id/events',
    {
      config: { needs: 'operation:read' },
      schema: {
        tags,
        summary: 'The timeline of an operation, in order',
        params: IdParams,
        querystring: Type.Object({
          after: Type.Optional(
            Type.Integer({ minimum: 0, default: 0, description: 'Only events after this seq' }),
          ),
          limit: Limit,
          cursor: Cursor,
        }),
        response: { 200: ref(OperationEventPage), ...problems },
      },
    },
    async ({ params, query }) => {
      await requireOperation(db, params.project, params.id);
      const { limit = 50, cursor, after = 0 } = query;
      const from = cursor === undefined ? after : seqOf(cursor);
      return pageOf(await listEvents(db, params.id, from, limit + 1), limit, ({ seq }) => String(seq));
    },
  );
  registerEventStream(app, dependencies);
}

function seqOf(cursor: string): number {
  const seq = Number(decodeCursor(cursor));
  if (Number.isSafeInteger(seq) && seq >= 0) return seq;
  throw new OpsError('invalid-input', 'the cursor is not one of ours: take `next` of the page before');
}
