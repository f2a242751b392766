import { createHash } from 'node:crypto';
import { canonicalJson } from '../../domain/canonical-json.ts';

/** What a gate asks about, as one digest. Name the operation in it, so that no approval of another one fits. */
export function subjectDigest(subject: Readonly<Record<string, unknown>> & { operationId: string }): string {
  return `sha256:${createHash('sha256').update(canonicalJson(subject)).digest('hex')}`;
}
