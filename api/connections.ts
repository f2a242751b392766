import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface Connections {
  /** Nothing stands open on it but a request that has not come whole: what is written now can only be its answer. */
  mayAnswer(socket: Socket): boolean;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Keeps count of who is connected. When there are more than `atMost`, the oldest connection without a request is closed, so that a
 * crowd of silent ones shuts nobody out: who has something to ask comes after them.
 */
export function watchConnections(server: Server, atMost: number): Connections {
  const waiting = new Set<Socket>();
  const serving = new Map<Socket, Set<Exchange>>();

  server.on('connection', (socket: Socket) => {
    waiting.add(socket);
    socket.once('close', () => {
      waiting.delete(socket);
      serving.delete(socket);
    });
    if (waiting.size + serving.size > atMost) letGo(firstOf(waiting));
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const exchange = { request, response };
    waiting.delete(socket);
    serving.set(socket, (serving.get(socket) ?? new Set()).add(exchange));
    response.once('close', () => release(socket, exchange));
  });

  /** Forgotten at once: its close is told later, and until then a burst would choose the same one again and again. */
  function letGo(socket: Socket | undefined): void {
    if (socket === undefined) return;
    waiting.delete(socket);
    socket.destroy();
  }

  function release(socket: Socket, exchange: Exchange): void {
    const open = serving.get(socket);
    open?.delete(exchange);
    if (open === undefined || open.size > 0) return;
    serving.delete(socket);
    // The youngest again: it has just proven that it speaks.
    if (!socket.destroyed) waiting.add(socket);
  }

  return {
    mayAnswer: (socket) => [...(serving.get(socket) ?? [])].every(isUnread),
  };
}

function isUnread({ request, response }: Exchange): boolean {
  return !request.complete && !response.headersSent;
}

function firstOf<T>(set: ReadonlySet<T>): T | undefined {
  return set.values().next().value;
}
