/** The one table of errors: read by api/problem.ts and workers/failures.ts, and by nothing else. */
export const errorTable = {
  'invalid-input': { title: 'The input is not valid', status: 400, retryable: false },
  unauthenticated: { title: 'Say who you are', status: 401, retryable: false },
  forbidden: { title: 'Not allowed', status: 403, retryable: false },
  'idempotency-mismatch': {
    title: 'The idempotency key was used with another body',
    status: 422,
    retryable: false,
  },
  'too-large': { title: 'The body is too large', status: 413, retryable: false },
  'headers-too-large': { title: 'The headers are too large', status: 431, retryable: false },
  'too-slow': { title: 'The request came too slowly', status: 408, retryable: true },
  'unsupported-media-type': {
    title: 'Send application/json',
    status: 415,
    retryable: false,
  },
  'not-found': { title: 'Not found', status: 404, retryable: false },
  conflict: { title: 'Something else holds the target', status: 409, retryable: false },
  'precondition-failed': { title: 'It was changed by somebody else', status: 412, retryable: false },
  stale: { title: 'The command was decided on an older state', status: 409, retryable: false },
  stopped: { title: 'An emergency stop holds', status: 409, retryable: false },
  'not-warm': { title: 'The previous release is no longer kept warm', status: 409, retryable: false },
  'invalid-target': { title: 'The traffic target cannot be steered', status: 422, retryable: false },
  'start-failed': { title: 'The version did not start', status: 422, retryable: false },
  unhealthy: { title: 'The version did not become healthy', status: 422, retryable: false },
  fenced: { title: 'The target has moved on', status: 409, retryable: false },
  'lease-lost': { title: 'The lease of the canary is gone', status: 409, retryable: false },
  'not-verified': { title: 'The traffic did not follow', status: 422, retryable: false },
  'not-approved': { title: 'No valid approval', status: 403, retryable: false },
  'rate-limited': { title: 'Too many requests', status: 429, retryable: true, retryAfterMs: 1000 },
  unavailable: {
    title: 'A part this needs does not answer',
    status: 503,
    retryable: true,
    retryAfterMs: 1000,
  },
  timeout: { title: 'It took too long', status: 504, retryable: true },
  internal: { title: 'An unexpected fault', status: 500, retryable: true },
} as const satisfies Record<string, ErrorRow>;

interface ErrorRow {
  readonly title: string;
  /** HTTP status of the problem. */
  readonly status: number;
  /** Whether the same call may succeed later: an activity with a retryable error is tried again. */
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
}

export type ErrorCode = keyof typeof errorTable;

export function errorRow(code: ErrorCode): ErrorRow {
  return errorTable[code];
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorTable, code);
}

/** Every error we throw on purpose. The message starts lower-case: what failed, which id, what to do; never a secret. */
export class OpsError extends Error {
  readonly code: ErrorCode;
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, detail: Record<string, unknown> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'OpsError';
    this.code = code;
    this.detail = detail;
  }
}
