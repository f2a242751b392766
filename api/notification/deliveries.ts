import { Type } from 'typebox';
import { Name, ref, Ulid } from '../../contracts/common.ts';
import {
  DeliveryState,
  NotificationDelivery,
  NotificationDeliveryPage,
} from '../../contracts/notification.ts';
import { listDeliveries, requireDelivery } from '../../db/notification/delivery.ts';
import { requestReplay } from '../../db/notification/request.ts';
import { principalOf } from '../auth.ts';
import { decodeCursor, pageOf } from '../cursor.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { idempotencyOf } from '../idempotency.ts';
import { Cursor, IdParams, Limit, PostHeaders, problems, ProjectParams } from '../schemas.ts';

const tags = ['notifications'];

/** Deliveries: what was told or is being told, with every attempt. */
export function registerDeliveries(app: App, { db }: ApiDependencies): void {
  app.get(
    '/notification-deliveries',
    {
      config: { needs: 'notification:read' },
      schema: {
        tags,
        summary: 'List deliveries, newest first',
        params: ProjectParams,
        querystring: Type.Object({
          channel: Type.Optional(Name),
          state: Type.Optional(DeliveryState),
          operation: Type.Optional(Ulid),
          limit: Limit,
          cursor: Cursor,
        }),
        response: { 200: ref(NotificationDeliveryPage), ...problems },
      },
    },
    async (request) => {
      const { limit = 50, cursor, ...filter } = request.query;
      const page = { ...filter, before: decodeCursor(cursor), limit: limit + 1 };
      return pageOf(await listDeliveries(db, request.params.project, page), limit, ({ id }) => id);
    },
  );
  app.get(
    '/notification-deliveries/:id',
    {
      config: { needs: 'notification:read' },
      schema: {
        tags,
        summary: 'Show a delivery with its ledger of attempts',
        params: IdParams,
        response: { 200: ref(NotificationDelivery), ...problems },
      },
    },
    ({ params }) => requireDelivery(db, params.project, params.id),
  );
  app.post(
    '/notification-deliveries/:id/replay',
    {
      config: { needs: 'notification:send' },
      schema: {
        tags,
        summary: 'Send the same message once more, as a new delivery that names the first',
        params: IdParams,
        headers: PostHeaders,
        response: { 202: ref(NotificationDelivery), ...problems },
      },
    },
    async (request, reply) => {
      const { project, id: first } = request.params;
      const asked = { project, principal: principalOf(request), ...idempotencyOf(request) };
      const id = await requestReplay(db, asked, first);
      const location = `/v1/projects/${project}/notification-deliveries/${id}`;
      return reply
        .code(202)
        .header('location', location)
        .send(await requireDelivery(db, project, id));
    },
  );
}
