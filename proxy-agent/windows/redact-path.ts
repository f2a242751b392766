import { redact } from '../../domain/redaction/redact.ts';

export interface RedactedPath {
  readonly text: string;
  /** Something was found only after percent-encoding was undone: the text is no path any more that could be asked. */
  readonly isEncoded: boolean;
}

/** Encoded once more by each system that a request has come through. */
const mostPasses = 3;

/** Without secrets and personal data, also where they are percent-encoded, as browsers do it with an `@`. */
export function redactPath(path: string): RedactedPath {
  const { text: raw } = redact(path);
  let plain = raw;
  let isEncoded = false;
  for (let pass = 0; pass < mostPasses; pass += 1) {
    const { text, found } = redact(decoded(plain));
    isEncoded ||= Object.keys(found).length > 0;
    plain = text;
  }
  // What was encoded may have been anything, also what a terminal takes for a command.
  return { text: isEncoded ? plain.replace(/\p{C}/gu, '?') : raw, isEncoded };
}

function decoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString());
}
