import { createHash } from 'node:crypto';
import { canonicalJson } from '../domain/canonical-json.ts';
import { OpsError } from '../domain/errors.ts';

/** The tag of what people edit: it changes with the content and with nothing else. */
export function etagOf(content: object): string {
  return `"${createHash('sha256').update(canonicalJson(content)).digest('hex').slice(0, 32)}"`;
}

/** Refuses an edit that was made on another content than the present one; `*` wants that there is one at all. */
export function refuseUnmatched(ifMatch: string | undefined, present: object | null): void {
  if (ifMatch === undefined) return;
  const isMatched =
    present !== null && (ifMatch === '*' || ifMatch.split(/\s*,\s*/).includes(etagOf(present)));
  if (isMatched) return;
  throw new OpsError(
    'precondition-failed',
    'it was changed since you read it; read it again and repeat your change on that',
  );
}
