import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Type } from 'typebox';
import type { OperationEvent } from '../contracts/operation.ts';
import { listEvents } from '../db/operation.ts';
import type { ApiDependencies, App } from './dependencies.ts';
import { requireOperation } from './require-operation.ts';
import { IdParams, problems } from './schemas.ts';

const heartbeatMs = 15_000;
/** A lost notification delays an event by at most this. */
const pollMs = 2_000;
const batch = 200;

/** GET :id/events/stream: the timeline as server-sent events, `id:` = seq, until the operation has closed. */
export function registerEventStream(app: App, dependencies: ApiDependencies): void {
  const open = new Set<ServerResponse>();
  // A closing API ends its streams, which would otherwise hold it open; their readers come back elsewhere.
  app.addHook('preClose', (done) => {
    for (const stream of open) stream.destroy();
    done();
  });
  app.get(
    '/operations/:id/events/stream',
    {
      config: { needs: 'operation:read' },
      schema: {
        tags: ['operations'],
        summary:
          'The timeline as it grows (SSE); resumes by Last-Event-ID, ends when the operation is closed',
        params: IdParams,
        headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ pattern: '^[0-9]{1,9}$' })) }),
        response: {
          200: {
            description:
              'id: seq, event: type of the event, data: OperationEvent; the last one is event: closed',
            content: { 'text/event-stream': { schema: Type.String() } },
          },
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { project, id } = request.params;
      await requireOperation(dependencies.db, project, id);
      reply.hijack();
      const stream = reply.raw;
      open.add(stream);
      stream.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      try {
        await follow(dependencies, {
          project,
          id,
          after: Number(request.headers['last-event-id'] ?? 0),
          stream,
        });
      } catch (error) {
        // The client reconnects with Last-Event-ID and misses nothing.
        request.log.warn({ err: error, operationId: id }, 'event stream broke off');
      }
      open.delete(stream);
      stream.end();
    },
  );
}

interface Following {
  readonly project: string;
  readonly id: string;
  readonly after: number;
  readonly stream: ServerResponse;
}

async function follow(
  { db, notifications }: ApiDependencies,
  { project, id, after, stream }: Following,
): Promise<void> {
  const bell = createBell();
  const off = notifications.on('operation_event', (payload) => {
    if (payload === id) bell.ring();
  });
  stream.on('close', bell.ring);
  const heartbeat = setInterval(() => stream.write(': still here\n\n'), heartbeatMs);
  try {
    let seq = after;
    while (!stream.destroyed) {
      // Asked before the events are read: what is written before it closes is then sent for certain.
      const operation = await requireOperation(db, project, id);
      const events = await listEvents(db, id, seq, batch);
      for (const event of events) await send(stream, `id: ${event.seq}\nevent: ${event.type}\n`, event);
      seq = events.at(-1)?.seq ?? seq;
      if (events.length === batch) continue;
      if (operation.status === 'closed') return await send(stream, 'event: closed\n', operation);
      await bell.wait(pollMs);
    }
  } finally {
    clearInterval(heartbeat);
    off();
  }
}

async function send(stream: ServerResponse, head: string, data: OperationEvent | object): Promise<void> {
  if (stream.destroyed || stream.write(`${head}data: ${JSON.stringify(data)}\n\n`)) return;
  await Promise.race([once(stream, 'drain'), once(stream, 'close')]);
}

interface Bell {
  ring(): void;
  /** Resolves when it rang since the last wait, rings, or after `limitMs`. */
  wait(limitMs: number): Promise<void>;
}

function createBell(): Bell {
  let rang = false;
  let wake = (): void => undefined;
  return {
    ring() {
      rang = true;
      wake();
    },
    async wait(limitMs) {
      if (!rang) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, limitMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      rang = false;
    },
  };
}
