import { redact } from '../../domain/redaction/redact.ts';

export interface RedactedPath {
  readonly text: string;
  /** Something was found only after percent-encoding was undone: the text is no path any more that could be asked. */
  readonly isEncoded: boolean;
}

/** Without secrets and personal data, also where they are percent-encoded, as browsers do it with an `@`. */
export function redactPath(path: string): RedactedPath {
  const plain = path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  const decoded = redact(plain);
  const isEncoded = plain !== path && Object.keys(decoded.found).length > 0;
  // What was encoded may have been anything, also what a terminal takes for a command.
  const text = isEncoded ? decoded.text.replace(/[^ -~]/g, '?') : redact(path).text;
  return { text, isEncoded };
}
