import type { NoticeFacts, Notice } from '../../contracts/notification.ts';

export interface NoticeFrame {
  readonly id: string;
  readonly replayOf: string | null;
  /** Where browsers reach Holdfast; null: there is no link. */
  readonly publicUrl: string | null;
}

const longestLine = 1000;

/** Puts a delivery into words: what, where, until when, and how to continue. */
export function noticeOf(facts: NoticeFacts, frame: NoticeFrame): Notice {
  const title = `${frame.replayOf === null ? '' : '(replay) '}${titleOf(facts)}`;
  const command = commandOf(facts);
  const link = linkOf(facts, frame.publicUrl);
  const { gate, operation, project, at, summary, outcome } = facts;
  const lines = [
    oneLine(summary),
    operation === null ? `Project: ${project}` : `Project: ${project}, ${operation.kind} ${operation.id}`,
    ...(gate === null
      ? []
      : [`Deadline: ${gate.deadline}, then ${gate.onTimeout}`, `Subject: ${gate.subject}`]),
    `At: ${at}`,
  ];
  return {
    id: frame.id,
    type: facts.event,
    at,
    title: oneLine(title, 150),
    lines,
    command,
    link,
    data: {
      project,
      operation,
      summary: oneLine(summary),
      outcome,
      gate,
      command,
      link,
      replayOf: frame.replayOf,
    },
  };
}

function titleOf({ event, operation, project, outcome }: NoticeFacts): string {
  const what = [operation?.target, operation?.version].filter(Boolean).join(' ');
  switch (event) {
    case 'gate.opened':
      return `${what} waits for approval`;
    case 'gate.overdue':
      return `${what} still waits for approval: nobody answered in time`;
    case 'gate.escalated':
      return `${what} still waits for approval: others may approve now`;
    case 'glass.broken':
      return `GLASS BROKEN: ${what} passed a gate without its approvals`;
    case 'hold.began':
      return `${what} is held by its checks`;
    case 'stuck':
      return `${what} is stuck: a step keeps failing`;
    case 'test':
      return `Test of a notification channel of ${project}`;
    default:
      return `${what}: ${outcome ?? event}`;
  }
}

/** Built from names and ids only, whose letters are limited: it can be pasted into a shell. */
function commandOf({ event, operation, project, gate }: NoticeFacts): string | null {
  if (operation === null) return null;
  const canary = (verb: string): string => `holdfast canary ${verb} ${operation.target} --project ${project}`;
  if (operation.kind !== 'canary-rollout') return `holdfast runs show ${operation.id} --project ${project}`;
  switch (event) {
    case 'gate.opened':
    case 'gate.overdue':
    case 'gate.escalated':
      return gate === null ? canary('approve') : `${canary('approve')} --subject ${gate.subject}`;
    case 'hold.began':
      return canary('status');
    default:
      return `holdfast runs show ${operation.id} --project ${project}`;
  }
}

function linkOf({ project, operation }: NoticeFacts, publicUrl: string | null): string | null {
  if (publicUrl === null || operation === null) return null;
  return `${publicUrl.replace(/\/+$/, '')}/v1/projects/${project}/operations/${operation.id}`;
}

/** Control characters, line ends among them, become spaces: nothing people typed begins a line or a header of its own. */
export function oneLine(text: string, longest = longestLine): string {
  const line = text.replace(/[\u0000-\u001f\u007f\u0085\u2028\u2029]+/g, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}
