import { OpsError } from '../../domain/errors.ts';

/**
 * The end of a start that lost to a stop, perhaps to one that a worker asked for before it was killed. Retryable: whether the instance is
 * still wanted is known to who asked, and a start that nobody waits for any more is not asked again.
 */
export function stoppedMeanwhile(id: string): OpsError {
  return new OpsError('unavailable', `${id} was stopped while it started`);
}
