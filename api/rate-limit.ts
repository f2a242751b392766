import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import { OpsError } from '../domain/errors.ts';
import type { App } from './dependencies.ts';

const windowMs = 60_000;
/** Refused credentials of one address in a minute; after that it is told to wait, whatever it presents. */
const refusedPerMinute = 100;

/** Bounds what one key may ask. The emergency stop is not counted: it has to work just when something runs wild. */
export async function limitRates(app: App, perMinute: number): Promise<void> {
  await app.register(rateLimit, {
    global: true,
    // After authentication, which says whose request it is.
    hook: 'preParsing',
    max: perMinute,
    timeWindow: windowMs,
    keyGenerator: (request) => request.principal?.keyId ?? request.principal?.id ?? request.ip,
    allowList: (request) => request.routeOptions.config.needs === 'emergency-stop:set',
    errorResponseBuilder: (_request, { max, ttl }) =>
      tooMany(`this key has made its ${max} requests of a minute`, ttl),
  });
}

/** Counts refused credentials by address; throws `rate-limited` in place of the refusal once there were too many. */
export function createRefusalLimit(app: App): (request: FastifyRequest) => Promise<void> {
  const count = app.createRateLimit({
    max: refusedPerMinute,
    timeWindow: windowMs,
    keyGenerator: (request) => `refused ${request.ip}`,
  });
  return async (request) => {
    const limit = await count(request);
    if (limit.isAllowed || !limit.isExceeded) return;
    throw tooMany('too many refused keys from this address', limit.ttl);
  };
}

function tooMany(why: string, retryAfterMs: number): OpsError {
  return new OpsError('rate-limited', `${why}; come back in ${Math.ceil(retryAfterMs / 1000)} s`, {
    retryAfterMs,
  });
}
