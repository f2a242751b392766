import { createHash } from 'node:crypto';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { fingerprintOf } from '../../domain/feedback-clustering/fingerprint.ts';
import type { Report } from '../../domain/feedback/report.ts';
import { redact } from '../../domain/redaction/redact.ts';

/** One row of what the statement in receive.ts is given; the names are those of the columns. */
export interface KeptReport {
  readonly id: string;
  readonly external_id: string;
  readonly kind: Report['kind'];
  readonly nature: Report['nature'];
  readonly title: string;
  readonly body: string;
  readonly url: string | null;
  readonly status: Report['status'];
  readonly labels: readonly string[];
  readonly metadata: Report['metadata'];
  readonly service: string | null;
  readonly release: string | null;
  readonly stack: Report['exception'];
  readonly fingerprint: string | null;
  readonly content_hash: string;
  readonly tie_break: string;
  readonly source_created_at: string;
  readonly source_updated_at: string;
}

/**
 * A redacted report as a row, with the digests that decide what is new about it. Times that cannot be read or lie after `now`
 * (milliseconds) become it: a clock that is wrong must not win for ever.
 */
export function keptReport(report: Report, newId: () => string, now: number): KeptReport {
  const { externalId, createdAt, updatedAt, exception, clientFingerprint, ...rest } = report;
  return {
    id: newId(),
    external_id: storedName(externalId),
    ...rest,
    stack: exception,
    fingerprint: report.kind === 'error' ? fingerprint(report) : null,
    content_hash: contentHash(report),
    // Closing often comes in the same second as the last comment: of two versions of one second the closed one is the later.
    tie_break: `${report.status === 'closed' ? 1 : 0} ${sha256(canonicalJson({ ...rest, exception, clientFingerprint }))}`,
    source_created_at: notAfter(createdAt, now),
    source_updated_at: notAfter(updatedAt, now),
  };
}

/** Of what is compared. */
export function contentHash({ title, body }: { readonly title: string; readonly body: string }): string {
  return sha256(canonicalJson([title, body]));
}

/** What the source was told to group by goes before our own rules. */
function fingerprint({ clientFingerprint, exception, title }: Report): string | null {
  if (clientFingerprint !== null) return `client ${clientFingerprint}`;
  const found = fingerprintOf({
    stack: exception?.stack ?? null,
    exception: exception?.type ?? null,
    message: exception?.message ?? title,
  });
  return found?.key ?? null;
}

/** A name that is a text itself, is very long or holds what must not be stored becomes its digest, which is as good to know it by. */
export function storedName(name: string): string {
  const isPlain = name.length <= 200 && !name.startsWith('content/') && redact(name).text === name;
  return isPlain ? name : `sha256:${sha256(name)}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function notAfter(time: string, now: number): string {
  const at = Date.parse(time);
  return new Date(Number.isNaN(at) ? now : Math.min(at, now)).toISOString();
}
