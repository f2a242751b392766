import type { FastifyRequest } from 'fastify';
import { OpsError } from '../domain/errors.ts';
import type { App } from './dependencies.ts';

/** Before anything else of a request is looked at: what no route of this API can mean. */
export function refuseMalformed(app: App): void {
  app.addHook('onRequest', (request, _reply, done) => {
    done(malformation(request) ?? undefined);
  });
}

function malformation({ headers, raw }: FastifyRequest): OpsError | null {
  if (raw.httpVersion === '1.1' && (headers.host ?? '') === '')
    return new OpsError('invalid-input', 'the header Host is missing: HTTP/1.1 wants it');
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity')
    return new OpsError(
      'unsupported-media-type',
      'compressed bodies are not taken: send it without Content-Encoding',
    );
  return null;
}
