import { ApplicationFailure, cancellationDetails } from '@temporalio/activity';

/**
 * Whether a watch was called off. One on a worker that shuts down fails instead, so that another attempt goes on with what its last
 * heartbeat says.
 */
export function interruptedBy(signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  if (cancellationDetails()?.cancelRequested === true) return true;
  throw ApplicationFailure.create({
    type: 'unavailable',
    message: 'the worker shuts down; another goes on watching',
  });
}
