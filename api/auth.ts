import type { FastifyRequest } from 'fastify';
import { OpsError } from '../domain/errors.ts';

/**
 * Who asks, as stated in the header `holdfast-principal`. This release has no authentication: the name is written into audit and
 * timeline, and is not verified.
 */
export function principalOf(request: FastifyRequest): string {
  const stated = request.headers['holdfast-principal'];
  if (stated === undefined) return 'anonymous';
  if (typeof stated !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._@+:/-]{0,99}$/.test(stated)) {
    throw new OpsError(
      'invalid-input',
      'the header holdfast-principal must be 1 to 100 letters, digits or . _ @ + : / -',
      { errors: [{ pointer: 'headers/holdfast-principal', detail: 'is not a principal name' }] },
    );
  }
  return stated;
}
