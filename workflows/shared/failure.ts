import { ApplicationFailure } from '@temporalio/workflow';
import { errorRow, isErrorCode, type ErrorCode } from '../../domain/errors.ts';

/** The only way a workflow throws: a plain Error would fail the workflow task again and again, for ever. */
export function fail(code: ErrorCode, message: string, details: Record<string, unknown> = {}): never {
  throw ApplicationFailure.create({
    type: code,
    message,
    nonRetryable: !errorRow(code).retryable,
    details: [details],
  });
}

/** What went wrong, for people: the message of the first failure that carries a code of ours, else the innermost of the chain. */
export function reasonOf(error: unknown): string {
  let inner: unknown = error;
  while (inner instanceof Error && inner.cause instanceof Error && !isOurs(inner)) inner = inner.cause;
  return inner instanceof Error ? inner.message : String(inner);
}

function isOurs(error: Error): boolean {
  return error instanceof ApplicationFailure && isErrorCode(error.type);
}

/** The code of the innermost failure that carries one of ours. */
export function codeOf(error: unknown): string | null {
  for (let inner: unknown = error; inner instanceof Error; inner = inner.cause) {
    if (inner instanceof ApplicationFailure && inner.type) return inner.type;
  }
  return null;
}
