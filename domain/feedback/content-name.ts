import { maskMessage } from '../feedback-clustering/mask-message.ts';

export interface Content {
  readonly kind: 'feedback' | 'error';
  readonly title: string;
  readonly body: string;
}

/**
 * What a report is called that its source gives no name: its text, so that the same text is the same thing. Of errors the template counts,
 * because their values change each time. It is stored as a digest.
 */
export function contentName({ kind, title, body }: Content): string {
  const text = kind === 'error' ? `${maskMessage(title)}\n${maskMessage(body)}` : `${title}\n${body}`;
  return `content/${kind} ${text.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ').trim()}`;
}
