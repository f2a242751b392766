import type { FastifyRequest } from 'fastify';
import { OpsError } from '../domain/errors.ts';

const carriers = /[?&](?:api[_-]?key|access[_-]?token|id[_-]?token|token|key|authorization)=/i;
/** A key of ours, or a signed token. */
const secrets = /hf_[A-Za-z0-9_-]*|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]*/g;

/** URLs end up in logs and histories: a secret in one is refused and has to be counted as lost. */
export function refuseSecretInUrl(request: FastifyRequest): void {
  const url = decoded(request.url);
  if (url.includes('\0'))
    throw new OpsError('invalid-input', 'the URL holds the character U+0000; no name here has it');
  if (url.search(secrets) === -1 && !carriers.test(url)) return;
  throw new OpsError(
    'invalid-input',
    'a key does not belong in a URL: send it as "Authorization: Bearer KEY", and revoke this one, for URLs are logged',
  );
}

/** A path as it may be shown. */
export function withoutSecrets(path: string): string {
  return decoded(path).search(secrets) === -1 ? path : path.replace(/^(\/v1)?.*$/s, '$1/***');
}

/** An escape may hide a letter of a key. */
function decoded(url: string): string {
  return url.replace(/%[0-9a-f]{2}/gi, (escape) => String.fromCharCode(parseInt(escape.slice(1), 16)));
}
