import type { Report } from '../../domain/feedback/report.ts';

/** A report as a connector reads it, with what a test wants to be different. */
export function report(overrides: Partial<Report> = {}): Report {
  const createdAt = overrides.createdAt ?? '2026-11-20T10:00:00.000Z';
  return {
    externalId: '1',
    kind: 'feedback',
    nature: 'state',
    title: 'The export fails',
    body: 'It ends after a minute.',
    url: null,
    status: 'open',
    labels: [],
    service: null,
    release: null,
    exception: null,
    clientFingerprint: null,
    createdAt,
    updatedAt: createdAt,
    metadata: {},
    ...overrides,
  };
}
