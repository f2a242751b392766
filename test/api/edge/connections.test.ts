import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { watchConnections } from '../../../api/connections.ts';

const atMost = 10;

test('of those that come in one moment no more stay than may, and these are the last', () => {
  const server = new EventEmitter();
  watchConnections(server as Server, atMost);
  const sockets = Array.from({ length: 50 }, () => new Socket());

  // None of them has told yet that it is closed when the next one comes.
  for (const socket of sockets) server.emit('connection', socket);

  expect(sockets.filter((socket) => !socket.destroyed)).toHaveLength(atMost);
  expect(sockets.slice(-atMost).every((socket) => !socket.destroyed)).toBe(true);
});
