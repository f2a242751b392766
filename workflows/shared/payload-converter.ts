import { defaultPayloadConverter, type PayloadConverter } from '@temporalio/common';

/**
 * Bytes that cannot be read become undefined. Anyone can send them from the command line, and a signal that cannot be decoded would
 * fail the workflow task for ever; our handlers check the shape of everything anyhow.
 */
export const payloadConverter: PayloadConverter = {
  toPayload: (...given) => defaultPayloadConverter.toPayload(...given),
  fromPayload<T>(...given: Parameters<typeof defaultPayloadConverter.fromPayload<T>>): T {
    try {
      return defaultPayloadConverter.fromPayload<T>(...given);
    } catch {
      return undefined as T;
    }
  },
};
