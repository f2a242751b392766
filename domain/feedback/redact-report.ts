import { redact } from '../redaction/redact.ts';
import type { Report, ReportedException } from './report.ts';

const longest = { title: 500, body: 64 * 1024, stack: 32 * 1024, word: 200, labels: 50, facts: 30 };

/**
 * A report as it may be stored: without secrets and personal data, without characters that are no text, and cut to what is of use.
 */
export function redactReport(report: Report): Report {
  return {
    externalId: clean(report.externalId),
    kind: report.kind,
    nature: report.nature,
    title: stored(report.title, longest.title).replaceAll(/\s+/g, ' ').trim() || 'untitled',
    body: stored(report.body, longest.body),
    // A link that people follow: nothing that runs when it is followed.
    url: report.url !== null && /^https?:\/\//i.test(report.url) ? stored(report.url, 2000) : null,
    status: report.status,
    labels: [...new Set(report.labels.slice(0, longest.labels).map((label) => stored(label, longest.word)))],
    service: report.service === null ? null : stored(report.service, longest.word),
    release: report.release === null ? null : releaseOf(report.release),
    exception: report.exception === null ? null : exceptionOf(report.exception),
    clientFingerprint:
      report.clientFingerprint === null ? null : stored(report.clientFingerprint, longest.title),
    createdAt: report.createdAt,
    updatedAt: report.updatedAt,
    metadata: metadataOf(report.metadata),
  };
}

/** Redacted before it is cut, or half a secret would stay; what lies far behind the cut is not looked at. */
function stored(text: string, most: number): string {
  const near = clean(text.slice(0, 2 * most + 1000));
  return clean(redact(near).text.slice(0, most));
}

/** PostgreSQL stores no U+0000, and half a surrogate pair is no character. */
function clean(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}

/** A version such as 1.2.3.4 looks like an address and is none. */
function releaseOf(release: string): string {
  const near = clean(release.slice(0, longest.word));
  const { text, found } = redact(near);
  return Object.keys(found).every((kind) => kind === 'ip-address') ? near : text;
}

function exceptionOf({ type, message, stack }: ReportedException): ReportedException {
  return {
    type: stored(type, longest.word),
    message: stored(message, longest.title * 4),
    stack: stack === null ? null : stored(stack, longest.stack),
  };
}

function metadataOf(metadata: Report['metadata']): Report['metadata'] {
  const facts = Object.entries(metadata).slice(0, longest.facts);
  return Object.fromEntries(
    facts.map(([name, value]) => [
      stored(name, longest.word),
      typeof value === 'string' ? stored(value, longest.title) : value,
    ]),
  );
}
