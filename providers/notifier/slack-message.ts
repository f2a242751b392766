import type { Notice } from '../../contracts/notification.ts';

/** What notifications and screen readers show. */
export function slackText({ title, lines }: Notice): string {
  return escapeMrkdwn([title, ...lines].join('\n')).slice(0, 3000);
}

export function slackBlocks({ id, title, lines, command, link }: Notice): Record<string, unknown>[] {
  return [
    { type: 'header', text: { type: 'plain_text', text: title.slice(0, 150), emoji: false } },
    section(escapeMrkdwn(lines.join('\n')).slice(0, 2900)),
    ...(command === null ? [] : [section(`\`\`\`${escapeMrkdwn(command)}\`\`\``)]),
    ...(link === null ? [] : [{ type: 'actions', elements: [button(link)] }]),
    { type: 'context', elements: [{ type: 'plain_text', text: `Holdfast ${id}`, emoji: false }] },
  ];
}

/** The three letters that mean something to Slack: without them no text mentions, links or calls a channel. */
export function escapeMrkdwn(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

function section(text: string): Record<string, unknown> {
  return { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } };
}

function button(url: string): Record<string, unknown> {
  return { type: 'button', text: { type: 'plain_text', text: 'Open in Holdfast' }, url, action_id: 'open' };
}
