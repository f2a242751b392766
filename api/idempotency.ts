import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { canonicalJson } from '../domain/canonical-json.ts';
import { OpsError } from '../domain/errors.ts';

export interface IdempotentRequest {
  readonly key: string;
  /** sha256 of method, path and canonical body: tells a repeated request from another one under the same key. */
  readonly fingerprint: string;
}

/** Reads `Idempotency-Key`, which every POST of a person or a client carries. */
export function idempotencyOf(request: FastifyRequest): IdempotentRequest {
  const key = idempotencyKeyOf(request);
  const path = request.url.split('?', 1)[0];
  const fingerprint = createHash('sha256')
    .update(`${request.method} ${path}\n${canonicalJson(request.body)}`)
    .digest('hex');
  return { key, fingerprint };
}

/** The key alone, for a body that is not read yet. */
export function idempotencyKeyOf(request: FastifyRequest): string {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string' || !/^[!-~]{1,255}$/.test(key)) {
    throw new OpsError(
      'invalid-input',
      'the header Idempotency-Key is missing or not valid: send 1 to 255 visible ASCII characters, the same ones when you repeat this request',
      { errors: [{ pointer: 'headers/idempotency-key', detail: 'is required on every POST' }] },
    );
  }
  return key;
}
