import type { FastifyReply } from 'fastify';

/** Ends when the caller is gone before its answer was sent: nobody waits for the work any more. */
export function hangUpOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
