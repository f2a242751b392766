import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyBaseLogger } from 'fastify';
import { OpsError } from '../domain/errors.ts';
import { newId } from './new-id.ts';
import { toProblem } from './problem.ts';

/** What Node could not read as a request, as Node tells it; its `rawPacket` may hold a key and is never looked at. */
type BrokenRequest = Error & { readonly code?: string };

/**
 * Answers a request that never became one (broken syntax, contradictory lengths, headers too large or too slow) with a problem, and
 * closes the connection: where the next request would begin is not known. While another answer is due it only closes.
 */
export function answerBrokenRequest(
  error: BrokenRequest,
  socket: Socket,
  { log, mayAnswer }: { readonly log: FastifyBaseLogger; readonly mayAnswer: boolean },
): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const requestId = newId();
  log.debug({ code: error.code, requestId }, 'broken request');
  if (socket.writable && mayAnswer) socket.write(answerOf(error, requestId));
  socket.destroySoon();
}

function answerOf(error: BrokenRequest, requestId: string): string {
  const problem = toProblem(meaningOf(error), { requestId });
  const body = JSON.stringify(problem);
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}

function meaningOf({ code }: BrokenRequest): OpsError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new OpsError('too-slow', 'the request did not come whole in time: send it again at once');
  if (code === 'HPE_HEADER_OVERFLOW')
    return new OpsError('headers-too-large', 'the headers and the URL are more than 16 KiB: send less');
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return new OpsError('too-large', 'the extensions of a chunk are more than 16 KiB: send none');
  return new OpsError(
    'invalid-input',
    'this is no HTTP/1.1 request: its syntax is broken or its lengths contradict one another',
  );
}
