import { OpsError, type ErrorCode } from '../../domain/errors.ts';

/** What is final for a step forward is a reason to look again for a step back: the world moved on, or has not followed yet. */
const passing: readonly ErrorCode[] = ['not-verified', 'fenced', 'stopped', 'lease-lost'];

/** A step towards safety that is never given up: what may pass is retried, visibly stuck, until it is safe. */
export function towardsSafety<I, O>(step: (input: I) => Promise<O>): (input: I) => Promise<O> {
  return async (input) => {
    try {
      return await step(input);
    } catch (error) {
      if (!(error instanceof OpsError) || !passing.includes(error.code)) throw error;
      throw new OpsError('unavailable', error.message, error.detail, error);
    }
  };
}
