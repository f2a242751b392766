import type { FastifyRequest } from 'fastify';
import { OpsError } from '../domain/errors.ts';

const carriers = /(?:^|[?&])(?:api[_-]?key|access[_-]?token|id[_-]?token|token|key|authorization)=/i;

/** URLs end up in logs and histories: a secret in one is refused and has to be counted as lost. */
export function refuseSecretInUrl(request: FastifyRequest): void {
  const query = request.url.slice(request.url.indexOf('?') + 1);
  if (!request.url.includes('hf_') && (query === request.url || !carriers.test(query))) return;
  throw new OpsError(
    'invalid-input',
    'a key does not belong in a URL: send it as "Authorization: Bearer KEY", and revoke this one, for URLs are logged',
  );
}
