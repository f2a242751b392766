import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUnstorable } from '../db/failures.ts';
import { OpsError } from '../domain/errors.ts';
import type { App } from './dependencies.ts';
import { toProblem } from './problem.ts';
import { withoutSecrets } from './secret-in-url.ts';

const longestPath = 300;

/** Every refusal of the API leaves as a problem, also that of a route that does not exist. */
export function answerProblems(app: App): void {
  app.setErrorHandler(answerProblem);
  app.setNotFoundHandler((request) => {
    throw new OpsError('not-found', `there is no ${request.method} ${pathOf(request.url)}; see /docs`);
  });
}

export function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // Who hung up in the middle of a body reads no answer, and nothing here has failed.
  if (request.raw.destroyed && !request.raw.complete) error = brokenOff();
  const problem = toProblem(error, { instance: pathOf(request.url), requestId: request.id });
  if (problem.status >= 500) request.log.error({ err: error, code: problem.code }, 'request failed');
  // Should it be our own arithmetic: the value itself is not logged.
  if (isUnstorable(error)) request.log.warn({ code: (error as { code?: unknown }).code }, 'not storable');
  if (problem.retryAfterSeconds !== undefined) {
    void reply.header('retry-after', String(Math.ceil(problem.retryAfterSeconds)));
  }
  return reply.code(problem.status).type('application/problem+json').send(problem);
}

function brokenOff(): OpsError {
  return new OpsError('invalid-input', 'the request was broken off before its body had come whole');
}

/** Without the query, which may hold what nobody should have sent. */
function pathOf(url: string): string {
  return withoutSecrets(url.split('?', 1)[0] ?? url).slice(0, longestPath);
}
