import {
  isGrpcServiceError,
  QueryNotRegisteredError,
  QueryRejectedError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { FastifyError } from 'fastify';
import type { Problem } from '../contracts/common.ts';
import { errorRow, isErrorCode, OpsError, type ErrorCode } from '../domain/errors.ts';
import { isConnectionError, isUnstorable } from '../db/failures.ts';
import { pointersOf } from './pointers.ts';

interface Where {
  readonly instance?: string;
  readonly requestId?: string;
}

interface Fault {
  readonly code: ErrorCode;
  /** Left out where the message may tell something that is not the caller's business. */
  readonly detail?: string;
  readonly operationId?: string;
  readonly errors?: Problem['errors'];
}

/** The one mapper from errors to RFC 9457 problems. What it does not know becomes a 500 without a message. */
export function toProblem(error: unknown, where: Where = {}): Problem {
  const fault = faultOf(error);
  const row = errorRow(fault.code);
  const retryAfterMs = ownRetryAfter(error) ?? row.retryAfterMs;
  return {
    type: `urn:holdfast:problem:${fault.code}`,
    title: row.title,
    status: row.status,
    ...fault,
    ...where,
    ...(retryAfterMs === undefined ? {} : { retryAfterSeconds: retryAfterMs / 1000 }),
  };
}

/** Who limits knows best when it is over. */
function ownRetryAfter(error: unknown): number | undefined {
  const ms = error instanceof OpsError ? error.detail['retryAfterMs'] : undefined;
  return typeof ms === 'number' ? ms : undefined;
}

function faultOf(error: unknown): Fault {
  if (error instanceof OpsError) return ofOpsError(error);
  return ofFastify(error) ?? ofTemporal(error) ?? ofDatabase(error) ?? { code: 'internal' };
}

function ofOpsError(error: OpsError): Fault {
  const { operationId, errors } = error.detail;
  return {
    code: error.code,
    detail: error.message,
    ...(typeof operationId === 'string' ? { operationId } : {}),
    ...(Array.isArray(errors) ? { errors: errors as Problem['errors'] } : {}),
  };
}

const fastifyCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid-input',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid-input',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid-input',
  FST_ERR_BAD_URL: 'invalid-input',
  FST_ERR_MAX_PARAM_LENGTH: 'invalid-input',
};

/** Where Fastify's words repeat what was sent. */
const ownWords: Readonly<Record<string, string>> = {
  FST_ERR_BAD_URL: 'the path is not well-formed: % stands for itself as %25',
  FST_ERR_MAX_PARAM_LENGTH: 'a part of the path is longer than any name: 100 characters',
};

function ofFastify(error: unknown): Fault | null {
  const { code, message, statusCode, validation, validationContext } = (error ?? {}) as Partial<FastifyError>;
  if (validation) {
    const errors = pointersOf(validation, validationContext ?? 'body');
    const first = errors[0]
      ? `${errors[0].pointer || validationContext} ${errors[0].detail}`
      : 'it does not fit';
    return {
      code: 'invalid-input',
      detail: `the ${validationContext ?? 'body'} is not valid: ${first}`,
      errors,
    };
  }
  const known = code === undefined ? undefined : fastifyCodes[code];
  if (known !== undefined) return { code: known, detail: ownWords[code ?? ''] ?? message };
  return ofPlugin(statusCode);
}

/** A plugin says no, such as the one that serves the pages of /docs; its words may hold paths of this machine. */
function ofPlugin(status: number | undefined): Fault | null {
  if (status === undefined || status < 400 || status > 499) return null;
  if (status === 403 || status === 404) return { code: 'not-found', detail: 'there is no such page' };
  return { code: 'invalid-input', detail: 'the request is not valid' };
}

function ofTemporal(error: unknown): Fault | null {
  if (error instanceof WorkflowNotFoundError) {
    return { code: 'not-found', detail: 'no workflow of this operation is running' };
  }
  if (error instanceof WorkflowExecutionAlreadyStartedError) {
    return { code: 'conflict', detail: `the workflow ${error.workflowId} is already running` };
  }
  if (error instanceof WorkflowUpdateFailedError) return ofRefusedUpdate(error);
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    return { code: 'timeout', detail: 'the workflow did not answer in time' };
  }
  if (error instanceof QueryRejectedError || error instanceof QueryNotRegisteredError) {
    return { code: 'conflict', detail: 'the workflow does not answer queries now' };
  }
  if (error instanceof ServiceError || isGrpcServiceError(error)) {
    return { code: 'unavailable', detail: 'Temporal does not answer; see: holdfast doctor' };
  }
  return null;
}

function ofRefusedUpdate(error: WorkflowUpdateFailedError): Fault {
  const cause = error.cause;
  if (cause instanceof ApplicationFailure && isErrorCode(cause.type)) {
    return { code: cause.type, detail: cause.message };
  }
  return { code: 'conflict', detail: 'the workflow refused it' };
}

function ofDatabase(error: unknown): Fault | null {
  if (isUnstorable(error)) {
    return {
      code: 'invalid-input',
      detail:
        'a value of the request cannot be stored: a number out of range, or a character that is no text',
    };
  }
  if (!isConnectionError(error)) return null;
  return { code: 'unavailable', detail: 'the database does not answer; see: holdfast doctor' };
}
