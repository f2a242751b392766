import { ulid } from 'ulid';
import type { Notice, NoticeFacts } from '../../../contracts/notification.ts';
import { noticeOf } from '../../../domain/notification/texts.ts';

/** A gate that waits, with what a test wants to be different. */
export function gateFacts(overrides: Partial<NoticeFacts> = {}): NoticeFacts {
  return {
    event: 'gate.opened',
    project: 'default',
    at: '2026-11-21T12:00:00.000Z',
    summary: 'waits for approval until 2026-11-21T13:00:00.000Z',
    operation: { id: ulid(), kind: 'canary-rollout', target: 'shop', version: 'v2' },
    outcome: null,
    gate: { subject: `sha256:${'ab'.repeat(32)}`, deadline: '2026-11-21T13:00:00.000Z', onTimeout: 'abort' },
    ...overrides,
  };
}

export function gateNotice(overrides: Partial<NoticeFacts> = {}): Notice {
  return noticeOf(gateFacts(overrides), {
    id: ulid(),
    replayOf: null,
    publicUrl: 'https://holdfast.example',
  });
}
