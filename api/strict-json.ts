import type { FastifyBodyParser } from 'fastify';
import { OpsError } from '../domain/errors.ts';
import { jsonFault } from '../domain/json-fault.ts';
import type { App } from './dependencies.ts';

/** Bodies are JSON that means one thing to every reader; what is ambiguous or cannot be stored is refused before it is parsed. */
export function readStrictJson(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error') as FastifyBodyParser<string>;
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    const fault = jsonFault(body);
    if (fault === null) return void parse(request, body, done);
    done(new OpsError('invalid-input', `the body is not valid: ${fault}`));
  });
}
