import type { FastifyHttpOptions, RawServerDefault } from 'fastify';

/** How long a connection may keep the API waiting, and how many there may be. Times in milliseconds. */
export interface HttpLimits {
  /** From the connection, or from its first byte, to the end of the headers; a connection that says nothing counts, too. */
  readonly headersMs: number;
  /** From the first byte to the end of the body. What is answered may take longer: long polls and event streams do. */
  readonly requestMs: number;
  /** A connection on which no byte moves, either way, while it has a request. Longer than a long poll waits (30 s). */
  readonly silenceMs: number;
  /** A connection between two requests. */
  readonly keepAliveMs: number;
  /** How often the times above are looked at. */
  readonly checkMs: number;
  /** When there are more, the oldest one without a request is closed. */
  readonly connections: number;
}

export const usualHttpLimits: HttpLimits = {
  headersMs: 10_000,
  requestMs: 30_000,
  silenceMs: 120_000,
  keepAliveMs: 72_000,
  checkMs: 1000,
  connections: 4000,
};

/** The limits in the words of Fastify and Node, whose own defaults let a slow body go on for ever. */
export function serverOptions(limits: HttpLimits): FastifyHttpOptions<RawServerDefault> {
  return {
    requestTimeout: limits.requestMs,
    connectionTimeout: limits.silenceMs,
    keepAliveTimeout: limits.keepAliveMs,
    http: {
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: limits.checkMs,
      // The API refuses it itself, as a problem.
      requireHostHeader: false,
    },
  };
}
