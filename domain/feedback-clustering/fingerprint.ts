import { maskMessage } from './mask-message.ts';
import { stackFrames } from './stack-frames.ts';

/** What is known of an error; null where its source did not say. */
export interface ErrorFacts {
  readonly stack: string | null;
  readonly exception: string | null;
  readonly message: string | null;
}

export type FingerprintKind = 'stack' | 'exception' | 'message';

export interface Fingerprint {
  /** Of the rules: groups that were made by older rules stay as they are, and are not compared with newer ones. */
  readonly version: 1;
  readonly kind: FingerprintKind;
  /** Equal for what is the same error; readable, so that a person sees why. */
  readonly key: string;
}

/** Frames that decide: those nearest to the error. Deeper ones differ with the way that led there. */
const deciding = 8;

/**
 * The best ground there is: the project's own frames of the stack, else the kind of exception with the template of its message, else the
 * template alone. Null for what is no error: nothing to go by, or a message that is all values.
 */
export function fingerprintOf({ stack, exception, message }: ErrorFacts): Fingerprint | null {
  const type = exceptionType(exception);
  const template = templateOf(message);
  const frames = framesOf(stack ?? '');
  if (frames.length > 0) return fingerprint('stack', [type ?? '', ...frames]);
  if (type !== null) return fingerprint('exception', [type, template ?? '']);
  return template === null ? null : fingerprint('message', [template]);
}

function fingerprint(kind: FingerprintKind, parts: readonly string[]): Fingerprint {
  return { version: 1, kind, key: `1 ${kind} ${parts.join('\n')}` };
}

function framesOf(stack: string): string[] {
  const all = stackFrames(stack).filter((frame) => frame.function !== '' || frame.module !== '');
  const own = all.filter(({ isForeign }) => !isForeign);
  const chosen = own.length > 0 ? own : all;
  // Python tells the innermost frame last.
  const inwards = /^\s*File "/m.test(stack) ? chosen.reverse() : chosen;
  return inwards.slice(0, deciding).map((frame) => `${frame.function} ${frame.module}`.trim());
}

function exceptionType(exception: string | null): string | null {
  const type = (exception ?? '').trim().replaceAll(/0x[0-9a-f]+|\$\d+/gi, '');
  return type === '' ? null : type;
}

function templateOf(message: string | null): string | null {
  const template = maskMessage(message ?? '');
  return /\p{L}/u.test(template.replaceAll(/<\w+>/g, '')) ? template : null;
}
