import type { Notice } from '../../contracts/notification.ts';

export function emailText({ title, lines, command, link, id }: Notice): string {
  const parts = [
    title,
    lines.join('\n'),
    ...(command === null ? [] : [`  ${command}`]),
    ...(link === null ? [] : [link]),
    `-- \nHoldfast, delivery ${id}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

export function emailHtml({ title, lines, command, link, id }: Notice): string {
  return [
    '<!doctype html><html><body style="font-family:sans-serif">',
    `<h2>${escapeHtml(title)}</h2>`,
    ...lines.map((line) => `<p>${escapeHtml(line)}</p>`),
    ...(command === null ? [] : [`<pre>${escapeHtml(command)}</pre>`]),
    ...(link === null ? [] : [`<p><a href="${escapeHtml(link)}">Open in Holdfast</a></p>`]),
    `<p style="color:#666">Holdfast, delivery ${escapeHtml(id)}</p>`,
    '</body></html>',
  ].join('\n');
}

const named: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => named[letter] ?? letter);
}
