import { Type } from 'typebox';
import { Name, ref } from '../../contracts/common.ts';
import {
  NotificationChannel,
  NotificationChannelInput,
  NotificationChannelPage,
  NotificationDelivery,
} from '../../contracts/notification.ts';
import {
  listChannels,
  putChannel,
  removeChannel,
  requireChannel,
  specOf,
  type ChannelSpec,
} from '../../db/notification/channel.ts';
import { requireDelivery } from '../../db/notification/delivery.ts';
import { requestTest } from '../../db/notification/request.ts';
import { OpsError } from '../../domain/errors.ts';
import { channelFaults } from '../../domain/notification/target.ts';
import { principalOf } from '../auth.ts';
import { decodeCursor, pageOf } from '../cursor.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { etagOf, refuseUnmatched } from '../etag.ts';
import { idempotencyOf } from '../idempotency.ts';
import { Cursor, Limit, PostHeaders, problems, ProjectParams } from '../schemas.ts';

const ChannelParams = Type.Object({ project: Name, channel: Name });
const tags = ['notifications'];

/** Channels: where a project's gates and outcomes are told. */
export function registerChannels(app: App, { db }: ApiDependencies): void {
  app.put(
    '/notification-channels/:channel',
    {
      config: { needs: 'notification:write' },
      schema: {
        tags,
        summary: 'Add a channel or replace it; what waits to be sent goes to the new target',
        params: ChannelParams,
        headers: Type.Object({
          'if-match': Type.Optional(
            Type.String({ description: 'ETag of the channel this change was made on' }),
          ),
        }),
        body: ref(NotificationChannelInput),
        response: { 200: ref(NotificationChannel), 201: ref(NotificationChannel), ...problems },
      },
    },
    async (request, reply) => {
      const { project, channel: name } = request.params;
      const ifMatch = request.headers['if-match'];
      const isNew = await putChannel(db, {
        project,
        name,
        spec: checked(request.body),
        principal: principalOf(request),
        allow: (old) => refuseUnmatched(ifMatch, old),
      });
      return send(reply.code(isNew ? 201 : 200), await requireChannel(db, project, name));
    },
  );
  app.get(
    '/notification-channels',
    {
      config: { needs: 'notification:read' },
      schema: {
        tags,
        summary: 'List channels by name',
        params: ProjectParams,
        querystring: Type.Object({ limit: Limit, cursor: Cursor }),
        response: { 200: ref(NotificationChannelPage), ...problems },
      },
    },
    async (request) => {
      const { limit = 50, cursor } = request.query;
      const page = { after: decodeCursor(cursor), limit: limit + 1 };
      return pageOf(await listChannels(db, request.params.project, page), limit, ({ name }) => name);
    },
  );
  app.get(
    '/notification-channels/:channel',
    {
      config: { needs: 'notification:read' },
      schema: {
        tags,
        summary: 'Show a channel',
        params: ChannelParams,
        response: { 200: ref(NotificationChannel), ...problems },
      },
    },
    async ({ params }, reply) => send(reply, await requireChannel(db, params.project, params.channel)),
  );
  app.delete(
    '/notification-channels/:channel',
    {
      config: { needs: 'notification:write' },
      schema: {
        tags,
        summary: 'Remove a channel; what waits to be sent is dropped, the ledger stays',
        params: ChannelParams,
        response: { 204: Type.Null({ description: 'Removed' }), ...problems },
      },
    },
    async (request, reply) => {
      const { project, channel } = request.params;
      await removeChannel(db, project, channel, principalOf(request));
      return reply.code(204).send(null);
    },
  );
  app.post(
    '/notification-channels/:channel/test',
    {
      config: { needs: 'notification:send' },
      schema: {
        tags,
        summary: 'Send a message that tells about nothing, to see that the channel works',
        params: ChannelParams,
        headers: PostHeaders,
        response: { 202: ref(NotificationDelivery), ...problems },
      },
    },
    async (request, reply) => {
      const { project, channel } = request.params;
      const asked = { project, principal: principalOf(request), ...idempotencyOf(request) };
      const id = await requestTest(db, asked, channel);
      const location = `/v1/projects/${project}/notification-deliveries/${id}`;
      return reply
        .code(202)
        .header('location', location)
        .send(await requireDelivery(db, project, id));
    },
  );
}

/** With its ETag, for an edit that must not undo somebody else's. */
function send(
  reply: { header(name: string, value: string): unknown },
  channel: NotificationChannel,
): NotificationChannel {
  reply.header('etag', etagOf(specOf(channel)));
  return channel;
}

/** Checks what no schema can say and fills in the defaults. */
function checked(input: NotificationChannelInput): ChannelSpec {
  const { kind, target, secret = null, sender = null, events, service = null, enabled = true } = input;
  const faults = channelFaults({ kind, target, secret, sender });
  const [first] = faults;
  if (first === undefined) return { kind, target, secret, sender, events, service, enabled };
  throw new OpsError('invalid-input', `the channel cannot be used: ${first.pointer} ${first.detail}`, {
    errors: faults,
  });
}
